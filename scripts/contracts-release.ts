/**
 * Writes a release of the contracts: for each version that is new, its schema and what its events are read as. Run it when
 * a change of contracts is merged, before it is deployed. It refuses what `npm run contracts:check` refuses.
 */
import { reportLines } from "#contracts/evolution/report.ts";
import { judgeAll, unreleased, writeRelease } from "./released-contracts.ts";

const { judgements, added } = judgeAll(Date.now());
const contracts = unreleased();
if (judgements.some(({ problems }) => problems.length > 0)) {
  for (const line of reportLines(judgements, added)) console.error(line);
  console.error("Nothing was written. Correct the contracts, or describe the change: docs/evolving-contracts.md");
  process.exitCode = 1;
} else if (contracts.length === 0) {
  console.log("Nothing was written: the version of every contract is released.");
} else {
  const { release, date } = writeRelease(contracts, new Date().toISOString().slice(0, 10));
  for (const { topic, version } of contracts) console.log(`${topic}: version ${version}`);
  console.log(`Release ${release} of ${date} was written. Run npm run generate, and commit both.`);
}
