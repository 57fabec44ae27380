import { settleBatch } from "#queue/delivery.ts";
import { reportMetrics } from "#telemetry/report.ts";
import { consume } from "./consume.ts";
import { consumeDeps, type Env } from "./env.ts";
import { routes } from "./routes.ts";

export { CommandsService } from "./commands-service.ts";

/** The HTTP boundary for producers, and the consumer of the events queue. */
export default {
  fetch: routes.fetch,

  async queue(batch, env, ctx) {
    const { dispositions, report } = await consume(consumeDeps(env, ctx), batch.messages);
    settleBatch(batch.messages, dispositions);
    ctx.waitUntil(reportMetrics(env, report));
  },
} satisfies ExportedHandler<Env>;
