import { isMigrated } from "../repositories/is-migrated.ts";
import { LATEST_MIGRATION } from "../repositories/latest-migration.ts";
import { withDeadline } from "../repositories/read-session.ts";
import { faultOf, log } from "./log.ts";

/** Throws with what is wrong, in words for who runs this. */
export type ReadinessCheck = () => Promise<void> | void;

type Reading = { readonly isReady: boolean; readonly checks: Readonly<Record<string, string>> };

/** How long an answer is good for: anybody may ask, and D1 is asked for it. */
const GOOD_FOR_MS = 5_000;

/** How much longer it does while somebody asks anew, so that of many who ask at once one asks D1. */
const GOOD_MEANWHILE_MS = 5_000;

/** How long D1 may take. Ours; the front door waits for five seconds. */
const D1_WITHIN_MS = 3_000;

type Known = { readonly reading: Reading; readonly atMs: number; readonly isAskedAnew: boolean };

const readings = new WeakMap<object, Known>();

/**
 * Whether a Worker has what it needs to serve: 200, or 503 with what is missing.
 * @param env what its isolate's answer is remembered by
 */
export async function readinessResponse(
  worker: string,
  env: object,
  checks: Readonly<Record<string, ReadinessCheck>>,
): Promise<Response> {
  const { isReady, checks: results } = goodReadingOf(env) ?? (await readAnew(worker, env, checks));
  return Response.json(
    { status: isReady ? "ready" : "not ready", worker, checks: results },
    { status: isReady ? 200 : 503, headers: { "Cache-Control": "no-store" } },
  );
}

function goodReadingOf(env: object): Reading | undefined {
  const known = readings.get(env);
  if (!known) return undefined;
  const goodForMs = known.isAskedAnew ? GOOD_FOR_MS + GOOD_MEANWHILE_MS : GOOD_FOR_MS;
  return Date.now() - known.atMs < goodForMs ? known.reading : undefined;
}

async function readAnew(worker: string, env: object, checks: Readonly<Record<string, ReadinessCheck>>) {
  const known = readings.get(env);
  if (known) readings.set(env, { ...known, isAskedAnew: true });
  const reading = await read(worker, checks);
  readings.set(env, { reading, atMs: Date.now(), isAskedAnew: false });
  return reading;
}

async function read(worker: string, checks: Readonly<Record<string, ReadinessCheck>>): Promise<Reading> {
  const names = Object.keys(checks);
  const results = await Promise.all(
    Object.entries(checks).map(([name, check]) =>
      resultOf(check, (thrown) => log("error", "readiness.failed", { worker, check: name, ...faultOf(thrown) })),
    ),
  );
  return {
    isReady: results.every((result) => result === "ok"),
    checks: Object.fromEntries(names.map((name, i) => [name, results[i] as string])),
  };
}

async function resultOf(check: ReadinessCheck, report: (thrown: unknown) => void): Promise<string> {
  try {
    await check();
    return "ok";
  } catch (thrown) {
    if (thrown instanceof Unready) return thrown.message;
    report(thrown);
    return "failed; the Worker's log says why";
  }
}

/** What is missing, in words that anybody may read. */
export class Unready extends Error {
  override readonly name = "Unready";
}

/** All of these stand in the Worker's `env`. */
export const hasBindings =
  (env: object, names: readonly string[]): ReadinessCheck =>
  () => {
    const missing = names.filter((name) => (env as Record<string, unknown>)[name] === undefined);
    if (missing.length > 0) throw new Unready(`not bound: ${missing.join(", ")}; see the Worker's wrangler.toml`);
  };

/** D1 answers, and has the tables that this code was written for. Newer ones do no harm: they go ahead of the code. */
export const hasMigrations =
  (db: D1Database): ReadinessCheck =>
  async () => {
    const applied = await withDeadline(D1_WITHIN_MS, isMigrated(db)).catch((thrown: unknown) => {
      throw new Unready(
        /no such table/.test(String(thrown)) ? "no migration was ever applied" : "the database does not answer",
      );
    });
    if (!applied) throw new Unready(`${LATEST_MIGRATION} is not applied; \`npm run deploy\` applies it first`);
  };

/** The settings can be read, as far as that is told by a list of problems. */
export const isConfigured =
  (problems: readonly string[]): ReadinessCheck =>
  () => {
    if (problems.length > 0) throw new Unready(problems.join("; "));
  };
