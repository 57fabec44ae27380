import { LATEST_MIGRATION } from "../repositories/latest-migration.ts";

/** Throws with what is wrong, in words for who runs this. */
export type ReadinessCheck = () => Promise<void> | void;

type Reading = { readonly isReady: boolean; readonly checks: Readonly<Record<string, string>> };

/** How long an answer is good for: anybody may ask, and D1 is asked for it. */
const GOOD_FOR_MS = 5_000;

const readings = new WeakMap<object, { readonly reading: Reading; readonly atMs: number }>();

/**
 * Whether a Worker has what it needs to serve: 200, or 503 with what is missing.
 * @param env what its isolate's answer is remembered by
 */
export async function readinessResponse(
  worker: string,
  env: object,
  checks: Readonly<Record<string, ReadinessCheck>>,
): Promise<Response> {
  const known = readings.get(env);
  const isGood = known !== undefined && Date.now() - known.atMs < GOOD_FOR_MS;
  const reading = isGood ? known.reading : await read(checks);
  if (!isGood) readings.set(env, { reading, atMs: Date.now() });
  const { isReady, checks: results } = reading;
  return Response.json(
    { status: isReady ? "ready" : "not ready", worker, checks: results },
    { status: isReady ? 200 : 503, headers: { "Cache-Control": "no-store" } },
  );
}

async function read(checks: Readonly<Record<string, ReadinessCheck>>): Promise<Reading> {
  const results = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await resultOf(check)]));
  return { isReady: results.every(([, result]) => result === "ok"), checks: Object.fromEntries(results) };
}

async function resultOf(check: ReadinessCheck): Promise<string> {
  try {
    await check();
    return "ok";
  } catch (thrown) {
    return thrown instanceof Unready ? thrown.message : "failed; the Worker's log says why";
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
    const applied = await db
      .prepare("SELECT 1 FROM d1_migrations WHERE name = ?1")
      .bind(LATEST_MIGRATION)
      .first()
      .catch((thrown: unknown) => {
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
