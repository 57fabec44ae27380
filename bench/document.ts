import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { holds } from "./gates.ts";
import { plotsOf } from "./growth-report.ts";
import { plotSvg } from "./plot.ts";
import { type Figures, gatesOf, REASONS, tablesOf } from "./report.ts";

const FOLDER = new URL("../docs/performance/", import.meta.url);
const PAGE = new URL("../docs/performance.md", import.meta.url);

const FIGURES = new URL("figures.json", FOLDER);

/**
 * Writes docs/performance.md, its pictures, and all figures as JSON.
 * @param keepsOthers whether parts that were not measured now keep their figures
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

Throughput, latency and cost, each beside a floor. Every part was measured in one run on one small machine, with the load generator on the same cores: read the ratios, not the milliseconds. A floor is what the platform takes by itself ([bench/floors](../bench/floors/index.ts)): parsing and answering, sending one message, one statement. Both sides take turns in the same run.

\`npm run bench\` measures and prints all of it, \`npm run bench -- live growth\` parts of it, \`npm run bench:check\` fails when a gate is missed, and \`npm run bench -- --write\` writes this page. All figures are in [figures.json](performance/figures.json).

## Gates

| | this run | gate | |
|---|---|---|---|
${gates.join("\n")}

${[...tables, ...pictures].join("\n\n")}

## How to read it

Fastify, Drizzle and Apollo Server run in one process with SQLite in it, and write before they answer; ours runs in the local simulation of the platform, where D1, the queue, the rate limit and every call between Workers are Workers and objects themselves. So a bare SELECT takes several times as long there as a whole query does in Node. The comparison shows what one machine has to do for each, not the latency for a user who is far from a single server.

The naive design is [one queue message and one write for each event](../bench/naive/index.ts). The warehouse is an estimate from list prices, and from sizes and hours that we chose; [bench/prices.ts](../bench/prices.ts) has them and the source of every price.

## What is not measured

Whatever needs Cloudflare's own network: how far a replica is behind, how long an object takes to start elsewhere, what the rate limit takes there. Memory under load, beyond the heap of a fresh Worker.
`;
}
