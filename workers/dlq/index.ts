import { kidsOf, toTokenTrust } from "#auth/token-settings.ts";
import { settleBatch } from "#queue/delivery.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { hasBindings, hasMigrations, readinessResponse } from "#telemetry/readiness.ts";
import { watch } from "./alerts/watch.ts";
import { serveConsole } from "./console-files.ts";
import {
  type Config,
  createOpsDeps,
  createParkDeps,
  createWatchDeps,
  type Env,
  fillTables,
  readConfig,
  sweepLetters,
  sweepRevocations,
} from "./env.ts";
import { operations } from "./operations.ts";
import { misconfigured } from "./ops/http/error.ts";
import { park } from "./park.ts";

export { ReplayRun } from "./runs/replay-run.ts";

function readiness(env: Env, config: Config): Promise<Response> {
  const checks = {
    bindings: hasBindings(env, ["EVENTS", "SUSPECTS", "DEAD_LETTERS", "CONSOLE", "METRICS", "RUNS", "DEVICES"]),
    migrations: hasMigrations(env.DB),
  };
  return readinessResponse("dlq", env, checks, { tokenKeys: kidsOf(toTokenTrust(config)) });
}

export default {
  async fetch(request, env, ctx) {
    const reading = readConfig(env);
    if (!reading.ok) return misconfigured("dlq", reading.problems);
    if (new URL(request.url).pathname === "/ops/readyz") return readiness(env, reading.config);
    return (
      (await serveConsole(request, env)) ?? operations(createOpsDeps(env, reading.config)).fetch(request, env, ctx)
    );
  },

  /**
   * Each minute: sends alerts that are due, deletes letters, values and revocations whose time has come, and fills tables
   * that a migration has made.
   */
  async scheduled({ scheduledTime }, env) {
    const results = await Promise.allSettled([
      watch(createWatchDeps(env)),
      sweepLetters(env, scheduledTime),
      sweepRevocations(env, scheduledTime),
      fillTables(env),
    ]);
    // A failed task is not retried here: it runs again in the next minute.
    for (const result of results)
      if (result.status === "rejected") log("error", "ops.minute_failed", describeFault(result.reason));
  },

  /** Letters are stored even if the operations API is misconfigured, since no queue stands behind this one. */
  async queue({ messages }, env) {
    settleBatch(messages, await park(createParkDeps(env), messages));
  },
} satisfies ExportedHandler<Env>;
