/**
 * Compares the contracts with their last release, and fails with an event that passed then and would not now, or would do
 * something else. `--against https://…` compares with a deployed platform instead, by its `GET /contracts`.
 */
import { reportLines } from "#contracts/evolution/report.ts";
import { readOptions } from "../local/options.ts";
import { judgeAgainst } from "./deployed-contracts.ts";
import { judgeAll } from "./released-contracts.ts";

const { against } = readOptions(
  `npm run contracts:check -- [--against https://concord.example]
Compares the contracts with their last release, or with those of a deployed platform.`,
  { against: { type: "string" } },
);

try {
  const todayMs = Date.now();
  const { judgements, added } = against === undefined ? judgeAll(todayMs) : await judgeAgainst(against, todayMs);
  const isRefused = judgements.some(({ problems }) => problems.length > 0);
  const print = isRefused ? console.error : console.log;
  for (const line of reportLines(judgements, added)) print(line);
  if (isRefused) print("The contracts break what is released: docs/evolving-contracts.md says how to change one.");
  process.exitCode = isRefused ? 1 : 0;
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 2;
}
