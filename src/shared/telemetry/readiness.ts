import { isMigrated } from "#repositories/is-migrated.ts";
import { LATEST_MIGRATION } from "#repositories/latest-migration.ts";
import { withDeadline } from "#repositories/read-session.ts";
import { describeFault, log } from "./log.ts";

/** Throws an error whose message tells the operator what is wrong. */
export type ReadinessCheck = () => Promise<void> | void;

type Reading = { readonly isReady: boolean; readonly checks: Readonly<Record<string, string>> };

/** How long an answer is cached: anybody may ask, and each answer costs a query of D1. */
const FRESH_MS = 5_000;

/** How much longer it is served while it is refreshed, so that of many concurrent requests one asks D1. */
const STALE_WHILE_READING_MS = 5_000;

/** How long D1 may take. Ours; the front door waits for five seconds. */
const D1_WITHIN_MS = 3_000;

type CachedReading = { readonly reading: Reading; readonly atMs: number; readonly isBeingRead: boolean };

const readings = new WeakMap<object, CachedReading>();

/**
 * Whether a Worker has what it needs to serve: 200, or 503 with what is missing.
 * @param env the key under which its isolate caches the answer
 * @param facts what anybody may know besides, such as which keys it has
 */
export async function readinessResponse(
  worker: string,
  env: object,
  checks: Readonly<Record<string, ReadinessCheck>>,
  facts: Readonly<Record<string, readonly string[]>> = {},
): Promise<Response> {
  const { isReady, checks: results } = findFreshReading(env) ?? (await readAnew(worker, env, checks));
  return Response.json(
    { status: isReady ? "ready" : "not ready", worker, version: versionOf(env), checks: results, ...facts },
    { status: isReady ? 200 : 503, headers: { "Cache-Control": "no-store" } },
  );
}

/** The platform's id of the version that answers, by which a gradual deployment is checked. */
const versionOf = (env: object): string | undefined =>
  (env as { readonly VERSION?: { readonly id: string } }).VERSION?.id;

function findFreshReading(env: object): Reading | undefined {
  const known = readings.get(env);
  if (!known) return undefined;
  const goodForMs = known.isBeingRead ? FRESH_MS + STALE_WHILE_READING_MS : FRESH_MS;
  return Date.now() - known.atMs < goodForMs ? known.reading : undefined;
}

async function readAnew(worker: string, env: object, checks: Readonly<Record<string, ReadinessCheck>>) {
  const known = readings.get(env);
  if (known) readings.set(env, { ...known, isBeingRead: true });
  const reading = await read(worker, checks);
  readings.set(env, { reading, atMs: Date.now(), isBeingRead: false });
  return reading;
}

async function read(worker: string, checks: Readonly<Record<string, ReadinessCheck>>): Promise<Reading> {
  const names = Object.keys(checks);
  const results = await Promise.all(
    Object.entries(checks).map(([name, check]) =>
      runCheck(check, (thrown) => log("error", "readiness.failed", { worker, check: name, ...describeFault(thrown) })),
    ),
  );
  return {
    isReady: results.every((result) => result === "ok"),
    checks: Object.fromEntries(names.map((name, i) => [name, results[i] as string])),
  };
}

async function runCheck(check: ReadinessCheck, report: (thrown: unknown) => void): Promise<string> {
  try {
    await check();
    return "ok";
  } catch (thrown) {
    if (thrown instanceof Unready) return thrown.message;
    report(thrown);
    return "failed; the Worker's log says why";
  }
}

/** What is missing, in a message that anybody may read. */
export class Unready extends Error {
  override readonly name = "Unready";
}

/** All of these are bindings or variables of the Worker's `env`. */
export const hasBindings =
  (env: object, names: readonly string[]): ReadinessCheck =>
  () => {
    const missing = names.filter((name) => (env as Record<string, unknown>)[name] === undefined);
    if (missing.length > 0) throw new Unready(`not bound: ${missing.join(", ")}; see the Worker's wrangler.toml`);
  };

/**
 * D1 answers, and has the tables that this code was written for. Newer tables are fine: they are deployed before the
 * code.
 */
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

/** The settings are valid, which means that the list of their problems is empty. */
export const isConfigured =
  (problems: readonly string[]): ReadinessCheck =>
  () => {
    if (problems.length > 0) throw new Unready(problems.join("; "));
  };
