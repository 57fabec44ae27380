import { spawnSync } from "node:child_process";
import type { MetricsReport } from "#telemetry/metrics.ts";
import { addReports, type MetricsTotals, NO_TOTALS } from "#telemetry/metrics.ts";
import { EVERY } from "../bridge/telemetry/events-in-tests.ts";
import { BridgeMetrics } from "../bridge/telemetry/metrics.ts";
import { BridgeState } from "../bridge/telemetry/state.ts";
import { formatExposition } from "../workers/dlq/metrics/exposition.ts";
import { toTopicsOverview } from "../workers/dlq/metrics/overview.ts";
import { NO_SLOTS, toTopicTimes } from "../workers/metrics/slots.ts";

/**
 * Runs Prometheus' own tool on the alert rules, on tests of when each of them fires, and on the texts of scrapes.
 * scripts/observability.test.ts checks that everything that the rules and the dashboard name exists.
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
  hubCalls: { follow: 1 },
  hubOffers: { taken: 1 },
  backlog: { messages: 1, bytes: 100, atMs: 1 },
};
const nowMs = Date.now();
const totals = addReports(NO_TOTALS, REPORT) as MetricsTotals;
const deadLetters = { waiting: 1, replaying: 0, quarantined: 0, resolved: 0, discarded: 0 };
const scrape = formatExposition({
  totals,
  jobs: [
    {
      ...{ name: "files", kind: "compaction", state: "failed", why: "R2 is full", actor: "schedule", steps: 3 },
      ...{ startedAt: new Date(nowMs).toISOString(), endedAt: null },
      report: { phase: "", done: 3, total: 24, unit: "days", figures: { "records added": 70 } },
      lastDone: { compaction: "2026-11-27T11:00:00.000Z" },
      lastFailed: { compaction: { at: "2026-11-27T10:00:00.000Z", actor: "ann", why: "A manifest is damaged." } },
    },
  ],
  topics: toTopicsOverview(totals, toTopicTimes(NO_SLOTS, nowMs, { [TOPIC]: nowMs }), nowMs),
  deadLetters: {
    ...deadLetters,
    waitingByReason: { not_json: 1 },
    oldestWaitingMs: nowMs,
    runs: { running: 0, paused: 0 },
  },
  databaseBytes: 1_000_000,
  archive: {
    ...{ atMs: nowMs, rawObjects: 5, rawBytes: 900, oldestRawHour: "2026-11-26T13:00:00.000Z", days: 2 },
    ...{ firstDay: "2026-11-24", lastDay: "2026-11-25", parts: 7, bytes: 1_000, records: 40, isWhole: true },
  },
  verification: { recentBuckets: 256, oldestVerifiedAtMs: nowMs, differences: 0 },
});

const state = new BridgeState(Date.now, true);
const bridge = new BridgeMetrics(state, "concord-bridge");
for (const event of EVERY.slice(0, -2)) {
  state.on(event);
  bridge.on(event);
}

run("the rules", ["check", "rules", "docs/observability/alerts.yml"]);
run("when each alert goes off", ["test", "rules", "docs/observability/alerts.test.yml"]);
run("when each alert on capacity and cost goes off", ["test", "rules", "docs/observability/capacity.test.yml"]);
run("a scrape", ["check", "metrics"], scrape);
run("a scrape of the bridge", ["check", "metrics"], bridge.text());

function run(what: string, args: readonly string[], input?: string): void {
  const { status, stdout, stderr, error } = spawnSync("promtool", args, { encoding: "utf8", ...(input && { input }) });
  console.log(`${status === 0 ? "✓" : "✗"} ${what}`);
  if (status === 0) return;
  console.error(error?.message ?? stdout + stderr);
  process.exitCode = 1;
}
