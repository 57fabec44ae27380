import { readFileSync, writeFileSync } from "node:fs";
import { INSTRUMENTS } from "#telemetry/instruments.ts";
import { GAUGES } from "../workers/dlq/metrics/exposition.ts";
import type { Panel, Row } from "./observability/panel.ts";
import { ROWS } from "./observability/rows.ts";

/**
 * Writes the Grafana dashboard, and the list of metrics in its guide. With `--check` it writes nothing, and fails if a
 * file is out of date. The dashboard is generated, since each panel has one row of decisions and fifty of Grafana's
 * own.
 */
const DASHBOARD = "docs/observability/dashboard.json";
const GUIDE = "docs/observability/README.md";

const HEIGHTS = { stat: 4, timeseries: 8, "state-timeline": 8 } as const;

function createDashboard(rows: readonly Row[]): object {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: row } of rows) {
    panels.push({ type: "row", title, collapsed: false, id: panels.length + 1, gridPos: { x: 0, y, w: 24, h: 1 } });
    y += 1;
    let x = 0;
    for (const panel of row) {
      const [w, h] = [panel.width ?? 12, HEIGHTS[panel.kind ?? "timeseries"]];
      panels.push({ ...createPanel(panel), id: panels.length + 1, gridPos: { x, y, w, h } });
      x += w;
      if (x < 24) continue;
      x = 0;
      y += h;
    }
  }
  return {
    title: "Concord",
    uid: "concord",
    tags: ["concord"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: [{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" }] },
    panels,
  };
}

function createPanel({ title, description, unit, queries, kind = "timeseries", limit }: Panel): object {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in
  const datasource = { type: "prometheus", uid: "${datasource}" };
  const steps = [{ color: "green", value: null }, ...(limit === undefined ? [] : [{ color: "red", value: limit }])];
  return {
    type: kind,
    title,
    description,
    datasource,
    fieldConfig: { defaults: { unit, min: 0, thresholds: { mode: "absolute", steps } }, overrides: [] },
    options: kind === "stat" ? { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value" } : {},
    targets: queries.map(([expr, legendFormat], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource,
      expr,
      legendFormat,
    })),
  };
}

const metricRows = [...Object.values(INSTRUMENTS), ...GAUGES.map((gauge) => ({ ...gauge, kind: "gauge" }))].map(
  ({ name, kind, labels, help }) => `| \`${name}\` | ${kind} | ${labels.join(", ")} | ${help} |`,
);
const table = ["| metric | type | labels | what it is |", "|---|---|---|---|", ...metricRows].join("\n");
const guide = readFileSync(GUIDE, "utf8");

const files = {
  [DASHBOARD]: `${JSON.stringify(createDashboard(ROWS), null, 2)}\n`,
  [GUIDE]: guide.replace(
    /(<!-- metrics -->\n)[\s\S]*(<!-- \/metrics -->)/,
    (_, open, close) => `${open}${table}\n${close}`,
  ),
};
const isCheck = process.argv.includes("--check");
for (const [file, text] of Object.entries(files)) {
  const isSame = readFileSync(file, "utf8") === text;
  if (isCheck && !isSame) {
    console.error(`${file} is not what scripts/generate-observability.ts says; run \`npm run generate\`.`);
    process.exitCode = 1;
  }
  if (!isCheck && !isSame) writeFileSync(file, text);
}
if (!isCheck) console.log(`${DASHBOARD} and the metrics in ${GUIDE} are written.`);
