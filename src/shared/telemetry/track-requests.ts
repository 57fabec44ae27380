import { createMiddleware } from "hono/factory";
import { addReports, Distribution, type MetricsReport, toLabelValue } from "./metrics.ts";
import { reportMetrics } from "./report.ts";
import type { MetricsNamespace } from "./shards.ts";

/** Collects a request's counts until it is answered, and reports them in one call. */
export class RequestNotes {
  #report: MetricsReport | undefined = {};

  /** @returns whether the request was still open, so that it is reported with it */
  add(report: MetricsReport): boolean {
    if (this.#report === undefined) return false;
    this.#report = addReports(this.#report, report);
    return true;
  }

  /** Reports everything, once. */
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

/** Counts each request by route and status, with what its handlers have noted. */
export const trackRequests = (serviceName: string) =>
  createMiddleware<TrackedEnv>(async (c, next) => {
    const startedAtMs = Date.now();
    const notes = new RequestNotes();
    c.set("notes", notes);
    await next();
    // `hono/route` returns the same, but finds nothing if a bundler has made a second copy of hono.
    const route = routeLabel(c.req.matchedRoutes.map(({ path }) => path));
    // Health checks are not counted, since each count is a write.
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

/** The route with its parameters' names, or the part of the Worker that answered. Paths are chosen by clients. */
const routeLabel = (paths: readonly string[]): string =>
  toLabelValue(paths.findLast((path) => !path.includes("*")) ?? paths.findLast((path) => path.length > "/*".length));

const isHealthCheck = (route: string): boolean => /\/(healthz|readyz)$/.test(route);
