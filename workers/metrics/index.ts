import { hasBindings, type ReadinessCheck, readinessResponse } from "#telemetry/readiness.ts";
import { allShards } from "#telemetry/shards.ts";
import type { Env } from "./env.ts";

export { MetricsObject } from "./metrics-object.ts";

/**
 * Hosts the metrics objects and nothing else. All other Workers bind to them, so this Worker binds to no other and is
 * deployed first. Its only HTTP client is the front door, which asks whether it is ready.
 */
export default {
  fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case "/healthz":
        return Response.json({ status: "ok", worker: "metrics" });
      case "/readyz":
        return readiness(env);
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<Env>;

const readiness = (env: Env): Promise<Response> =>
  readinessResponse("metrics", env, { bindings: hasBindings(env, ["METRICS"]), objects: objectsAnswer(env) });

/** Fails unless every object answers: a figure is the sum over all of them. */
const objectsAnswer =
  ({ METRICS }: Env): ReadinessCheck =>
  async () => {
    await Promise.all(allShards(METRICS).map((shard) => shard.flow()));
  };
