import type { Env } from "../../../workers/dlq/env.ts";
import real from "../../../workers/dlq/index.ts";
import { Faults, faultyD1, faultyQueue } from "./faults.ts";

export { ReplayRun } from "../../../workers/dlq/index.ts";

const faults = new Faults();

/** The dead-letter Worker as it is deployed, in an environment that fails now and then. */
export default {
  async fetch(request, env, ctx) {
    return (await faults.control(request)) ?? real.fetch(request, faulty(env), ctx);
  },
  queue: (batch, env) => faults.delivery(batch, (messages) => real.queue(messages, faulty(env))),
} satisfies ExportedHandler<Env>;

const faulty = (env: Env): Env => ({
  ...env,
  DB: faultyD1(env.DB, faults),
  EVENTS: faultyQueue(env.EVENTS, faults),
  DEAD_LETTERS: faultyQueue(env.DEAD_LETTERS, faults),
});
