import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { holds } from "./gates.ts";
import { plotSvg } from "./plot.ts";
import { type Figures, gatesOf, plotsOf, REASONS, tablesOf } from "./report.ts";

const FOLDER = new URL("../docs/performance/", import.meta.url);
const PAGE = new URL("../docs/performance.md", import.meta.url);

const FIGURES = new URL("figures.json", FOLDER);

/**
 * Writes docs/performance.md, its pictures, and all figures as JSON.
 * @param keepsOthers whether parts that were not measured now stay as they were
 */
export function writeDocument(measured: Figures, keepsOthers: boolean): void {
  mkdirSync(FOLDER, { recursive: true });
  const known = keepsOthers && existsSync(FIGURES) ? (JSON.parse(readFileSync(FIGURES, "utf8")) as Figures) : {};
  const figures = { ...known, ...measured };
  const plots = plotsOf(figures);
  for (const [file, plot] of Object.entries(plots)) writeFileSync(new URL(file, FOLDER), plotSvg(plot));
  writeFileSync(FIGURES, `${JSON.stringify(figures, null, 2)}\n`);
  writeFileSync(PAGE, pageOf(figures));
}

function pageOf(figures: Figures): string {
  const gates = gatesOf(figures).map((gate) => {
    const reason = holds(gate) ? "" : (REASONS[gate.name] ?? "");
    return `| ${gate.name} | ${Math.round(gate.value * 1_000) / 1_000} | ${gate.must === "be at least" ? "≥" : "≤"} ${gate.bound} | ${holds(gate) ? "kept" : `missed${reason && `: ${reason}`}`} |`;
  });
  const pictures = Object.entries(plotsOf(figures)).map(([file, { title }]) => `![${title}](performance/${file})`);
  const tables = tablesOf(figures).map(({ title, text }) => `## ${title}\n\n\`\`\`text\n${text}\n\`\`\``);
  return `<!-- Written by \`npm run bench -- --write\`; not to be edited. -->
# Performance

How fast, how dear, and against what. Every part is of one run on one small machine, with the load on the same cores: read the ratios, not the milliseconds. A floor is what the platform costs by itself ([bench/floors](../bench/floors/index.ts)): parsing and answering, sending one message, one statement. Both sides are asked in turns, in the same run.

\`npm run bench\` measures, \`npm run bench -- live growth\` parts of it, \`npm run bench:check\` holds the gates, and \`npm run bench -- --write\` writes this page. All figures are in [figures.json](performance/figures.json).

## Gates

| | this run | gate | |
|---|---|---|---|
${gates.join("\n")}

${[...tables, ...pictures].join("\n\n")}

## How to read it

Fastify, Drizzle and Apollo Server run in one process with SQLite in it, and write before they answer; ours runs in the local simulation of the platform, where D1, the queue, the rate limit and every call between Workers are Workers and objects themselves. That is why a bare SELECT of the platform is already several times slower than a whole query in Node. What the comparison says is what this machine has to do for each, not what a user far from a single server would wait.

The warehouse is an estimate from list prices and from sizes and hours that we chose; [bench/prices.ts](../bench/prices.ts) has them, and where all prices are from.

## What is not measured

Anything that needs Cloudflare's own network: how far a replica trails, how long an object takes to wake up elsewhere, what the rate limit costs there. Memory under load, beyond the heap of a fresh Worker.
`;
}
