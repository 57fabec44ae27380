import { spawnSync } from "node:child_process";
import type { MetricsReport } from "../src/shared/telemetry/metrics.ts";
import { addReports, type MetricsTotals, NO_TOTALS } from "../src/shared/telemetry/metrics.ts";
import { expositionOf } from "../workers/dlq/metrics/exposition.ts";
import { topicsOverviewOf } from "../workers/dlq/metrics/overview.ts";
import { NO_SLOTS, timesOf } from "../workers/dlq/metrics/slots.ts";

/**
 * Has Prometheus' own tool look at what Prometheus is given: the alert rules, when each of them goes off, and the text
 * of a scrape. What the rules and the dashboard name is held to what exists by scripts/observability.test.ts.
 */
if (spawnSync("promtool", ["--version"]).error) {
  console.log("Skipped: there is no promtool here; `apt-get install -y prometheus` brings it.");
  process.exit(0);
}

const TOPIC = "device.elt.status.reported";
const REPORT: MetricsReport = {
  accepted: { [TOPIC]: 3 },
  outcomes: { [`${TOPIC} applied`]: 2 },
  deadLettered: { [`${TOPIC} not_json`]: 1 },
  receivedToVisibleMs: { [`${TOPIC} 50`]: 2, [`${TOPIC} sum`]: 60 },
  httpMs: { "concord-api POST /graphql 200 10": 1, "concord-api POST /graphql 200 sum": 7 },
  batchRecords: { "5": 1, sum: 3 },
  socketsOpened: { device: 1 },
  backlog: { messages: 1, bytes: 100, atMs: 1 },
};
const nowMs = Date.now();
const totals = addReports(NO_TOTALS, REPORT) as MetricsTotals;
const desk = { waiting: 1, replaying: 0, quarantined: 0, resolved: 0, discarded: 0 };
const scrape = expositionOf({
  totals,
  topics: topicsOverviewOf(totals, timesOf(NO_SLOTS, nowMs, { [TOPIC]: nowMs }), nowMs),
  desk: { ...desk, waitingByReason: { not_json: 1 }, oldestWaitingMs: nowMs, runs: { running: 0, paused: 0 } },
});

run("the rules", ["check", "rules", "docs/observability/alerts.yml"]);
run("when each alert goes off", ["test", "rules", "docs/observability/alerts.test.yml"]);
run("a scrape", ["check", "metrics"], scrape);

function run(what: string, args: readonly string[], input?: string): void {
  const { status, stdout, stderr, error } = spawnSync("promtool", args, { encoding: "utf8", ...(input && { input }) });
  console.log(`${status === 0 ? "✓" : "✗"} ${what}`);
  if (status === 0) return;
  console.error(error?.message ?? stdout + stderr);
  process.exitCode = 1;
}
