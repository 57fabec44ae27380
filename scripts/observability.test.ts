import { readFileSync } from "node:fs";
import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { INSTRUMENTS, type Instrument } from "#telemetry/instruments.ts";
import type { CostFigures } from "../bench/cost.ts";
import { PRICES } from "../bench/prices.ts";
import { BRIDGE_METRICS } from "../bridge/telemetry/metrics.ts";
import { ALERT_FACTOR } from "../capacity/report.ts";
import { GAUGES } from "../workers/dlq/metrics/exposition.ts";

type Rule = { readonly expr: string; readonly record?: string; readonly alert?: string };
type Rules = { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
type Dashboard = {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { expr: string }[] }[];
};

const read = (file: string) => readFileSync(`docs/observability/${file}`, "utf8");
const rules = (parseYaml(read("alerts.yml")) as Rules).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read("dashboard.json")) as Dashboard;
const guide = read("README.md");

const expressions = [
  ...rules.map(({ expr, alert, record }) => ({ where: `rule ${alert ?? record}`, expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
  ),
];

/** Every series that exists, with its labels. */
const known = new Map<string, readonly string[]>([
  ...Object.values(INSTRUMENTS).flatMap((instrument: Instrument) => seriesOf(instrument)),
  ...GAUGES.map(({ name, labels }) => [name, labels] as const),
  // A scraper adds `instance`, by which several bridges are told apart.
  ...BRIDGE_METRICS.map(({ name, labels }) => [name, [...labels, "instance"]] as const),
  ...rules.flatMap(({ record }) => (record ? [[record, ["topic"]] as const] : [])),
]);

function seriesOf({ kind, name, labels }: Instrument): (readonly [string, readonly string[]])[] {
  if (kind === "counter") return [[name, labels]];
  return [
    [`${name}_bucket`, [...labels, "le"]],
    [`${name}_sum`, labels],
    [`${name}_count`, labels],
  ];
}

/** Grafana replaces these before Prometheus parses them. */
const plain = (expr: string) => expr.replaceAll("$__rate_interval", "5m");

function nodesOf(expr: string, name: string): string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter: (node: { name: string; from: number; to: number; node: SyntaxNode }) => {
      if (node.name === name) found.push(expr.slice(node.from, node.to));
    },
  });
  return found;
}

const selectorsOf = (expr: string) =>
  nodesOf(expr, "VectorSelector").map((selector) => ({
    metric: /^[a-zA-Z_:][\w:]*/.exec(selector)?.[0] ?? "",
    labels: [...selector.matchAll(/([a-z_]+)\s*=?[=~!]~?\s*"/g)].map(([, label]) => label as string),
  }));

describe.each(expressions)("$where", ({ expr }) => {
  it("is valid PromQL", () => {
    expect(nodesOf(plain(expr), "⚠")).toEqual([]);
    expect(selectorsOf(plain(expr)).length).toBeGreaterThan(0);
  });

  it("uses only metrics and labels that /ops/metrics or the bridge has", () => {
    for (const { metric, labels } of selectorsOf(plain(expr))) {
      expect([...known.keys()]).toContain(metric);
      for (const label of labels) expect(known.get(metric)).toContain(label);
    }
  });
});

it.each([...known].filter(([name]) => !BRIDGE_METRICS.some((metric) => metric.name === name)))(
  "%s has no label that a scraper gives each target, and would rename",
  (_, labels) => {
    expect(labels).not.toContain("job");
    expect(labels).not.toContain("instance");
  },
);

describe("the guide to observability", () => {
  it.each(rules.flatMap(({ alert }) => alert ?? []))("says what to do about %s", (alert) => {
    expect(guide).toContain(`### ${alert}`);
  });

  it("names every metric, and no other", () => {
    const names = [...Object.values(INSTRUMENTS), ...GAUGES].map(({ name }) => name);
    const [, table = ""] = /<!-- metrics -->([\s\S]*)<!-- \/metrics -->/.exec(guide) ?? [];
    const told = [...table.matchAll(/^\| `([a-z0-9_]+)`/gm)].map(([, name]) => name);
    expect(told.toSorted()).toEqual(names.toSorted());
  });
});

describe("the alerts on cost", () => {
  const exprOf = (name: string) => rules.find(({ alert, record }) => (alert ?? record) === name)?.expr ?? "";

  it("use the prices of bench/prices.ts", () => {
    const factors = [...exprOf("concord:cost_dollars:1d").matchAll(/([\d.]+) \* (?:\(?sum)\(increase\((\w+)/g)];
    expect(Object.fromEntries(factors.map(([, price, metric]) => [metric, Number(price)]))).toEqual({
      concord_d1_rows_written_total: PRICES.d1RowsWritten,
      concord_d1_rows_read_total: PRICES.d1RowsRead,
      concord_object_writes_total: PRICES.objectRowsWritten,
      concord_object_calls_total: PRICES.objectRequests,
      concord_batches_total: PRICES.workerRequests,
    });
  });

  it("fire at 1.5 times what the bench has counted", () => {
    const figures = JSON.parse(readFileSync("docs/performance/figures.json", "utf8")) as { cost: CostFigures };
    const counted = figures.cost.bills["steady fleet"].always.dollarsPerMillion;
    const [, threshold] = /> ([\d.]+) and/.exec(exprOf("ConcordCostAboveModel")) ?? [];
    expect(Number(threshold)).toBeCloseTo(ALERT_FACTOR * counted, 1);
  });
});
