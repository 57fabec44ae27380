import { describeFault, log } from "#telemetry/log.ts";
import { hasBindings, hasMigrations, type ReadinessCheck, readinessResponse } from "#telemetry/readiness.ts";
import type { Env } from "./env.ts";
import { keepCounts } from "./service/files.ts";
import { tickJobs } from "./service/jobs.ts";

export { ArchiveJob } from "./jobs/archive-job.ts";
export { ArchiveService } from "./service.ts";

/**
 * The archive of settled records: its jobs, and what other Workers ask of it through `ArchiveService`. Its only HTTP
 * client is the front door, which asks whether it is ready.
 */
export default {
  fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case "/healthz":
        return Response.json({ status: "ok", worker: "archive" });
      case "/readyz":
        return readiness(env);
      default:
        return new Response(null, { status: 404 });
    }
  },

  /** Each five minutes: jobs that are due begin, those whose alarms have ended go on, and the bucket's objects are counted. */
  async scheduled(_, env) {
    const [jobs, counted] = await Promise.all([tickJobs(env), Promise.allSettled([keepCounts(env)])]);
    for (const result of [...jobs, ...counted])
      if (result.status === "rejected") log("error", "archive.tick_failed", describeFault(result.reason));
  },
} satisfies ExportedHandler<Env>;

function readiness(env: Env): Promise<Response> {
  const checks = {
    bindings: hasBindings(env, ["DB", "JOBS", "DEVICES", "DEALER_FEEDS", "HUBS", "METRICS", "EVENTS"]),
    migrations: hasMigrations(env.DB),
    ...(env.ARCHIVE && { bucket: bucketAnswers(env.ARCHIVE) }),
  };
  return readinessResponse("archive", env, checks, { archive: [env.ARCHIVE ? "on" : "off"] });
}

/** The object need not exist. */
const bucketAnswers =
  (bucket: R2Bucket): ReadinessCheck =>
  async () => {
    await bucket.head("readyz");
  };
