import { beforeEach, expect, it, vi } from "vitest";
import manifest from "#graphql/trusted-documents.json" with { type: "json" };
import { addReports, type MetricsReport } from "#telemetry/metrics.ts";
import { ask, emptyTables, env, seedDevices } from "./support.ts";

let reports: MetricsReport[];
const METRICS = {
  getByName: () => ({ report: async (report: MetricsReport) => void reports.push(report), read: async () => ({}) }),
} as unknown as typeof env.METRICS;
const its = { ...env, METRICS };
/** All reports so far. They are sent after the answer. */
const told = () => reports.reduce(addReports, {});
const keysOf = (counts: object | undefined) => Object.keys(counts ?? {}).map((key) => key.replace(/ [^ ]+$/, ""));

beforeEach(async () => {
  vi.restoreAllMocks();
  reports = [];
  await emptyTables();
});

it("an operation is counted with its duration and rows, in one report with its request", async () => {
  await seedDevices({ key: "elt:a" });
  await ask('{ device(key: "elt:a") { key } }', { env: its });
  await vi.waitFor(() => expect(reports).toHaveLength(1));
  const { graphqlMs, graphqlRowsRead, httpMs, graphqlErrors } = told();
  expect(new Set(keysOf(graphqlMs))).toEqual(new Set(["query other"]));
  expect(graphqlRowsRead?.other).toBeGreaterThan(0);
  expect(new Set(keysOf(httpMs))).toEqual(new Set(["concord-api POST /graphql 200"]));
  expect(graphqlErrors).toBeUndefined();
});

it("only a trusted document is counted by its name, since clients choose the others", async () => {
  const trusted = Object.values(manifest).find((text) => /\bquery \w+/.test(text));
  const name = /\bquery (\w+)/.exec(trusted ?? "")?.[1];
  await ask(trusted ?? "", { env: its, variables: { key: "elt:a" } });
  await ask("query Invented { __typename }", { env: its });
  await vi.waitFor(() => expect(new Set(keysOf(told().graphqlMs))).toEqual(new Set([`query ${name}`, "query other"])));
});

it("errors are counted by code, those of documents that were never executed too", async () => {
  await ask("{ nonsense }", { env: its });
  await vi.waitFor(() => expect(told().graphqlErrors).toEqual({ GRAPHQL_VALIDATION_FAILED: 1 }));
  expect(told().graphqlMs).toBeUndefined();
});

it("a sampled trace has a line in the log, with the operation's duration and rows", async () => {
  const info = vi.spyOn(console, "info").mockImplementation(() => {});
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  await ask("{ __typename }", { env: its, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  const lines = info.mock.calls.map(([line]) => JSON.parse(String(line)));
  expect(lines).toEqual([expect.objectContaining({ event: "graphql.traced", traceId, type: "query", errors: 0 })]);
  await ask("{ __typename }", { env: its, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-00` } });
  expect(info).toHaveBeenCalledTimes(1);
});
