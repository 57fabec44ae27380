import { afterEach, expect, it, vi } from "vitest";
import { addReports, type MetricsReport } from "./metrics.ts";
import { reportMetrics } from "./report.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A metrics object that answers when it is told to. */
function slowMetrics() {
  const told: MetricsReport[] = [];
  const answers: (() => void)[] = [];
  const report = (one: MetricsReport) => {
    told.push(one);
    return new Promise<void>((resolve) => answers.push(resolve));
  };
  const METRICS = { getByName: () => ({ report }) };
  return { METRICS, told, answer: () => answers.shift()?.() };
}

const accepted = (count: number): MetricsReport => ({ accepted: { t: count }, batches: 1 });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

it("one request sends the reports of all concurrent ones, and nothing is counted twice or left out", async () => {
  const { METRICS, told, answer } = slowMetrics();
  const first = reportMetrics({ METRICS }, accepted(1));
  for (let i = 0; i < 9; i++) await reportMetrics({ METRICS }, accepted(1));
  expect(told).toEqual([accepted(1)]);
  answer();
  await settled();
  expect(told).toEqual([accepted(1), { accepted: { t: 9 }, batches: 9 }]);
  answer();
  await first;
  void reportMetrics({ METRICS }, accepted(1));
  expect(told).toHaveLength(3);
});

it("the reports of a request that died are sent by the next", async () => {
  const { METRICS, told } = slowMetrics();
  void reportMetrics({ METRICS }, accepted(1));
  await reportMetrics({ METRICS }, accepted(2));
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 20_000);
  void reportMetrics({ METRICS }, accepted(4));
  expect(told).toEqual([accepted(1), { accepted: { t: 6 }, batches: 2 }]);
});

it("a request stops sending for others before the platform ends it", async () => {
  const { METRICS, told, answer } = slowMetrics();
  const carrier = reportMetrics({ METRICS }, accepted(1));
  await reportMetrics({ METRICS }, accepted(2));
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 10_000);
  answer();
  await settled();
  expect(told).toEqual([accepted(1), accepted(2)]);
  void reportMetrics({ METRICS }, accepted(4));
  expect(told).toHaveLength(3);
  answer();
  await carrier;
});

it("a report that fails is logged, and does not fail the request", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const report = () => Promise.reject(new Error("Network connection lost."));
  await reportMetrics({ METRICS: { getByName: () => ({ report }) } }, accepted(1));
  expect(warn).toHaveBeenCalledOnce();
});

it("the sum of two reports has the entries of both", () => {
  expect(addReports({ accepted: { a: 1, b: 2 }, batches: 1 }, { accepted: { b: 3 }, objectCalls: 4 })).toEqual({
    accepted: { a: 1, b: 5 },
    batches: 1,
    objectCalls: 4,
  });
});
