import type { ColumnModel, Owner, Reference, TableModel } from "./model.ts";

/** Bands from top to bottom, in each its columns from left to right, in each its tables. References go sideways. */
const BANDS: readonly { readonly title: string; readonly columns: readonly (readonly string[])[] }[] = [
  {
    title: "The fleet: one state per device, built from events",
    columns: [["alerts", "assignments"], ["devices"], ["dealer_records", "customer_records"], ["watches", "forgotten"]],
  },
  {
    title: "What follows from the fleet: triggers keep it in step",
    columns: [["device_counts"], ["open_alert_counts"], ["device_texts"], ["renamed_customers", "fill_progress"]],
  },
  {
    title: "Dead letters: records that could not be applied",
    columns: [
      ["letter_revisions"],
      ["dead_letters"],
      ["letter_groups", "replay_runs"],
      ["letter_group_hours", "letter_depths"],
    ],
  },
  {
    title: "Operators: their actions, and the notices sent to them",
    columns: [["webhook_deliveries"], ["desk_alerts"], ["audit_log", "token_revocations"]],
  },
];

/** From before records had a source; nothing is read from them. */
const NOT_DRAWN = ["dealers", "customers"];

const WIDTH = 236;
const GAP = 84;
const MARGIN = 28;
const HEADER = 30;
const ROW = 19;
const TITLE = 34;
const COLORS: Readonly<Record<Owner, string>> = { ingest: "#0f766e", devices: "#7e22ce", dlq: "#b91c1c" };
const LEGEND: Readonly<Record<Owner, string>> = {
  ingest: "written by ingest",
  devices: "written by devices",
  dlq: "written by dlq",
};

type Box = {
  readonly table: TableModel;
  readonly shown: readonly ColumnModel[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
};

/** An SVG of the tables with their keys, their indexed columns and their references. */
export function drawTables(tables: readonly TableModel[], references: readonly Reference[]): string {
  const placed = new Set([...BANDS.flatMap(({ columns }) => columns.flat()), ...NOT_DRAWN]);
  const missing = tables.filter(({ name }) => !placed.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new Error(`${missing} have no place in the picture: give them one in scripts/tables/draw.ts`);

  const boxes = new Map<string, Box>();
  const titles: string[] = [];
  let top = MARGIN + 8;
  for (const { title, columns } of BANDS) {
    titles.push(`<text class="band" x="${MARGIN}" y="${top + 12}">${title}</text>`);
    const bottoms = columns.map((names, column) => {
      let y = top + TITLE;
      for (const name of names) {
        const box = boxAt(tables, references, { name, x: MARGIN + column * (WIDTH + GAP), y });
        boxes.set(name, box);
        y += box.height + 22;
      }
      return y;
    });
    top = Math.max(...bottoms) + 18;
  }
  const width = 2 * MARGIN + 4 * WIDTH + 3 * GAP;
  const height = top + 14;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" role="img" aria-labelledby="title desc">`,
    '  <title id="title">The tables of D1</title>',
    `  <desc id="desc">${describe(boxes, references)}</desc>`,
    "  <defs>",
    '    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="#475569"/></marker>',
    "    <style>",
    "      .box { fill: #ffffff; stroke: #334155; stroke-width: 1.5; }",
    "      .name { font-size: 15px; font-weight: 600; fill: #ffffff; }",
    "      .column { font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #0f172a; }",
    "      .key { font-weight: 700; }",
    "      .note { font-size: 12px; fill: #475569; }",
    "      .band { font-size: 16px; font-weight: 600; fill: #334155; }",
    "      .reference { fill: none; stroke: #475569; stroke-width: 1.6; marker-end: url(#tip); }",
    "    </style>",
    "  </defs>",
    `  <rect width="${width}" height="${height}" rx="14" fill="#f8fafc"/>`,
    ...titles.map((line) => `  ${line}`),
    ...[...boxes.values()].map((box) => `  ${drawBox(box)}`),
    ...references.flatMap((each) => drawReference(boxes, each)).map((line) => `  ${line}`),
    `  ${drawLegend(width, height)}`,
    "</svg>",
  ].join("\n")}\n`;
}

function boxAt(
  tables: readonly TableModel[],
  references: readonly Reference[],
  { name, x, y }: { readonly name: string; readonly x: number; readonly y: number },
): Box {
  const table = tables.find((each) => each.name === name);
  if (!table) throw new Error(`there is no table ${name}: take it out of scripts/tables/draw.ts`);
  const linked = new Set(references.flatMap(({ from, to }) => [from, to]).map((place) => place.join(".")));
  const telling = table.columns.filter(
    (column) => column.isKey || column.isIndexed || linked.has(`${name}.${column.name}`),
  );
  // "And 1 more" would take the place of the one.
  const shown = telling.length >= table.columns.length - 1 ? table.columns : telling;
  const others = table.columns.length > shown.length ? 1 : 0;
  return { table, shown, x, y, height: HEADER + (shown.length + others) * ROW + 10 };
}

function drawBox({ table, shown, x, y, height }: Box): string {
  const rows = shown.map((column, i) => {
    const style = column.isKey ? "column key" : "column";
    const sign = column.isKey ? "key" : column.isIndexed ? "index" : "";
    return (
      `<text class="${style}" x="${x + 12}" y="${rowAt(y, i) + 4}">${column.name}</text>` +
      (sign && `<text class="note" x="${x + WIDTH - 12}" y="${rowAt(y, i) + 4}" text-anchor="end">${sign}</text>`)
    );
  });
  const others = table.columns.length - shown.length;
  return [
    `<g><rect class="box" x="${x}" y="${y}" width="${WIDTH}" height="${height}" rx="8"/>`,
    `<path d="M${x} ${y + HEADER}v${8 - HEADER}a8 8 0 0 1 8-8h${WIDTH - 16}a8 8 0 0 1 8 8v${HEADER - 8}z" fill="${COLORS[table.owner]}"/>`,
    `<text class="name" x="${x + 12}" y="${y + 20}">${table.name}</text>`,
    ...rows,
    others > 0 ? `<text class="note" x="${x + 12}" y="${rowAt(y, shown.length) + 4}">and ${others} more</text>` : "",
    "</g>",
  ].join("");
}

const rowAt = (y: number, row: number): number => y + HEADER + 6 + row * ROW + ROW / 2;

function drawReference(boxes: ReadonlyMap<string, Box>, { from, to }: Reference): string[] {
  const [source, target] = [boxes.get(from[0]), boxes.get(to[0])];
  if (!source || !target) return [];
  const isRightwards = source.x < target.x;
  const start = { x: isRightwards ? source.x + WIDTH : source.x, y: rowOf(source, from[1]) };
  const end = { x: isRightwards ? target.x - 1 : target.x + WIDTH + 1, y: rowOf(target, to[1]) };
  const bend = isRightwards ? GAP / 2 : -GAP / 2;
  const path = `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`;
  return [`<path class="reference" d="${path}"/>`];
}

const rowOf = ({ y, shown }: Box, column: string): number =>
  rowAt(
    y,
    shown.findIndex(({ name }) => name === column),
  );

const describe = (boxes: ReadonlyMap<string, Box>, references: readonly Reference[]): string =>
  references
    .filter(({ from, to }) => boxes.has(from[0]) && boxes.has(to[0]))
    .map(({ from, to }) => `${from.join(".")} refers to ${to.join(".")}`)
    .join("; ");

function drawLegend(width: number, height: number): string {
  const entries = Object.entries(LEGEND) as [Owner, string][];
  const x = width - MARGIN - entries.length * 146;
  return entries
    .map(
      ([owner, text], i) =>
        `<rect x="${x + i * 146}" y="${height - 32}" width="14" height="14" rx="3" fill="${COLORS[owner]}"/><text class="note" x="${x + i * 146 + 20}" y="${height - 20}">${text}</text>`,
    )
    .join("");
}
