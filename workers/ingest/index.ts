import { answerBatch } from "../../src/shared/queue/delivery.ts";
import { reportMetrics } from "../../src/shared/telemetry/report.ts";
import { consume } from "./consume.ts";
import { consumeDeps, type Env } from "./env.ts";
import { routes } from "./routes.ts";

export { CommandsService } from "./commands-service.ts";

/** HTTP for Kafka in front, and the queue's consumer behind. */
export default {
  fetch: routes.fetch,

  async queue(batch, env, ctx) {
    const { dispositions, report } = await consume(consumeDeps(env), batch.messages);
    answerBatch(batch.messages, dispositions);
    ctx.waitUntil(reportMetrics(env, report));
  },
} satisfies ExportedHandler<Env>;
