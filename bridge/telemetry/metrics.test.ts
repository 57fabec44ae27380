import parsePrometheus from "parse-prometheus-text-format";
import { describe, expect, it } from "vitest";
import { EVERY, TOPIC } from "./events-in-tests.ts";
import { BRIDGE_METRICS, BridgeMetrics } from "./metrics.ts";
import { BridgeState } from "./state.ts";

const NOW_MS = Date.UTC(2026, 10, 30, 12);

/** A scrape after one event of each kind, or after the first ones. */
function scrape(events = EVERY): string {
  const state = new BridgeState(() => NOW_MS, true);
  const metrics = new BridgeMetrics(state, "g");
  for (const event of events) {
    state.on(event);
    metrics.on(event);
  }
  return metrics.text();
}

type Family = { readonly name: string; readonly type: string; readonly metrics: readonly object[] };

describe("/metrics", () => {
  it("is read by a parser that is not ours, and has every metric with its type", () => {
    const families = parsePrometheus(scrape(EVERY.slice(0, -2))) as Family[];
    expect(families.map(({ name, type }) => [name, type.toLowerCase()])).toEqual(
      BRIDGE_METRICS.map(({ name, kind }) => [name, kind]),
    );
    for (const { metrics } of families) expect(metrics).not.toEqual([]);
  });

  it("counts each event with its labels", () => {
    const lines = scrape().split("\n");
    const send = `messaging_system="concord",messaging_operation_name="send",messaging_destination_name="${TOPIC}"`;
    const read = 'messaging_system="kafka",messaging_operation_name="poll",messaging_consumer_group_name="g"';
    for (const line of [
      `messaging_client_consumed_messages_total{${read},messaging_destination_name="${TOPIC}"} 2`,
      `messaging_client_sent_messages_total{${send}} 2`,
      `messaging_client_operation_duration_seconds_bucket{${send},le="0.025"} 0`,
      `messaging_client_operation_duration_seconds_bucket{${send},le="0.05"} 1`,
      `messaging_client_operation_duration_seconds_bucket{${send},le="+Inf"} 1`,
      `messaging_client_operation_duration_seconds_sum{${send}} 0.03`,
      `concord_bridge_sent_bytes_total{topic="${TOPIC}"} 100`,
      `concord_bridge_dead_letters_total{topic="${TOPIC}"} 1`,
      `concord_bridge_records_not_kept_total{topic="${TOPIC}"} 2`,
      `concord_bridge_retries_total{topic="${TOPIC}"} 1`,
      `concord_bridge_records_refused_total{topic="${TOPIC}"} 1`,
      `concord_bridge_records_undecodable_total{topic="${TOPIC}"} 1`,
      "concord_bridge_registry_retries_total 1",
      `concord_bridge_gaps_total{topic="${TOPIC}",cause="unknown"} 1`,
      `concord_bridge_records_lost_total{topic="${TOPIC}"} 3`,
      `concord_bridge_position_resets_total{topic="${TOPIC}"} 1`,
      "concord_bridge_commits_total 1",
      "concord_bridge_commit_failures_total 1",
      "concord_bridge_sessions_total 1",
      "concord_bridge_session_failures_total 0",
      'concord_bridge_state{state="ended"} 1',
    ])
      expect(lines).toContain(line);
  });

  it("shows where the partitions stand", () => {
    const lines = scrape(EVERY.slice(0, -2)).split("\n");
    expect(lines).toContain(`concord_bridge_lag_records{topic="${TOPIC}",partition="0"} 4`);
    expect(lines).toContain("concord_bridge_buffered_bytes 300");
    expect(lines).toContain("concord_bridge_partitions 1");
  });

  it("has counters without labels from the start, so that their first increase is seen", () => {
    expect(scrape([])).toContain("\nconcord_bridge_commit_failures_total 0\n");
  });
});
