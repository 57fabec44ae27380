import { createMiddleware } from "hono/factory";
import { addReports, Distribution, labelValueOf, type MetricsReport } from "./metrics.ts";
import { reportMetrics } from "./report.ts";
import type { MetricsNamespace } from "./shards.ts";

/** What is noted of a request until it is answered, and told with it: one call for all of it. */
export class RequestNotes {
  #report: MetricsReport | undefined = {};

  /** @returns whether it was in time to be told with the request */
  add(report: MetricsReport): boolean {
    if (this.#report === undefined) return false;
    this.#report = addReports(this.#report, report);
    return true;
  }

  /** All of it, once. */
  take(): MetricsReport {
    const report = this.#report ?? {};
    this.#report = undefined;
    return report;
  }
}

/** OpenTelemetry's known methods; others are `_OTHER`. */
const METHODS: readonly string[] = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"];

export type TrackedEnv = {
  readonly Bindings: { readonly METRICS: MetricsNamespace };
  readonly Variables: { readonly notes: RequestNotes };
};

/** Counts each request by route and status, with whatever its handlers have noted of it. */
export const trackRequests = (serviceName: string) =>
  createMiddleware<TrackedEnv>(async (c, next) => {
    const startedAtMs = Date.now();
    const notes = new RequestNotes();
    c.set("notes", notes);
    await next();
    // `hono/route` says the same, but finds nothing where a bundler has made a second copy of hono.
    const route = routeOf(c.req.matchedRoutes.map(({ path }) => path));
    // Who only asks whether we are well is no load worth a row.
    if (isHealthCheck(route)) return;
    const method = METHODS.includes(c.req.method) ? c.req.method : "_OTHER";
    const httpMs = new Distribution("httpMs").add(
      Date.now() - startedAtMs,
      serviceName,
      method,
      route,
      String(c.res.status),
    );
    const report = addReports(notes.take(), { httpMs: httpMs.toCounts() });
    c.executionCtx.waitUntil(reportMetrics(c.env, report));
  });

/** The route with its parameters as names, or the part of the Worker that answered: paths are chosen by clients. */
const routeOf = (paths: readonly string[]): string =>
  labelValueOf(paths.findLast((path) => !path.includes("*")) ?? paths.findLast((path) => path.length > "/*".length));

const isHealthCheck = (route: string): boolean => /\/(healthz|readyz)$/.test(route);
