import { misconfigured } from "../../src/shared/desk/http/error.ts";
import { answerBatch } from "../../src/shared/queue/delivery.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { hasBindings, hasMigrations, readinessResponse } from "../../src/shared/telemetry/readiness.ts";
import { watch } from "./alerts/watch.ts";
import { consoleFile } from "./console-files.ts";
import { deskDepsOf, type Env, parkDepsOf, readConfig, sweepLetters, watchDepsOf } from "./env.ts";
import { operations } from "./operations.ts";
import { park } from "./park.ts";

export { MetricsObject } from "./metrics/metrics-object.ts";
export { ReplayRun } from "./runs/replay-run.ts";

const readiness = (env: Env): Promise<Response> =>
  readinessResponse("dlq", env, {
    bindings: hasBindings(env, ["EVENTS", "SUSPECTS", "DEAD_LETTERS", "CONSOLE", "METRICS", "RUNS"]),
    migrations: hasMigrations(env.DB),
  });

export default {
  async fetch(request, env, ctx) {
    const reading = readConfig(env);
    if (!reading.ok) return misconfigured("dlq", reading.problems);
    if (new URL(request.url).pathname === "/ops/readyz") return readiness(env);
    return (await consoleFile(request, env)) ?? operations(deskDepsOf(env, reading.config)).fetch(request, env, ctx);
  },

  /** Each minute: who has to know is told, and what was kept for long enough goes. */
  async scheduled({ scheduledTime }, env) {
    const done = await Promise.allSettled([watch(watchDepsOf(env)), sweepLetters(env, scheduledTime)]);
    // The next minute does it again.
    for (const each of done) if (each.status === "rejected") log("error", "desk.minute_failed", faultOf(each.reason));
  },

  /** Letters are parked even where the operations API is misconfigured: they have nowhere else to go. */
  async queue({ messages }, env) {
    answerBatch(messages, await park(parkDepsOf(env), messages));
  },
} satisfies ExportedHandler<Env>;
