import { readFileSync, writeFileSync } from "node:fs";
import { FEATURES } from "../test/clients/features.ts";
import { type Outcome, readKept } from "../test/clients/results.ts";

/**
 * Writes docs/clients-matrix.md from what the tests have shown. With `--check` it writes nothing, and fails if the page is
 * out of date.
 */
const PAGE = "docs/clients-matrix.md";
const kept = readKept();
const clients = Object.entries(kept);

/** Each reason has a number, in the order in which the table needs it. */
const notes: string[] = [];
const note = (text: string): string => {
  if (!notes.includes(text)) notes.push(text);
  return ` <sup>${notes.indexOf(text) + 1}</sup>`;
};

function cell(outcome: Outcome | undefined): string {
  if (!outcome) return "?";
  if ("refused" in outcome) return `refused${note(outcome.refused)}`;
  if ("notOffered" in outcome) return `–${note(outcome.notOffered)}`;
  return outcome.works === "" ? "✓" : `✓${note(outcome.works)}`;
}

const rows = Object.entries(FEATURES).map(
  ([feature, title]) => `| ${title} | ${clients.map(([, { cells }]) => cell(cells[feature])).join(" | ")} |`,
);
const versions = clients.flatMap(([name, { versions }]) =>
  Object.entries(versions).map(([each, version]) => `| ${name} | \`${each}\` ${version} |`),
);

const text = `# What each client can do

The clients below are their npm packages, unchanged, each set up as its own documentation says: [test/clients](../test/clients) has one file for each. The tests try every cell against all Workers, with the settings of a deployed environment, and fail when this page says something else. \`npm run clients:matrix\` writes it.

✓ works; "refused" means that the API refuses it on purpose, in words that say what to do; – means that the client has nothing for it. How to set up Apollo Client, urql and Relay with what Concord adds is in [clients.md](clients.md).

| | ${clients.map(([name]) => name).join(" | ")} |
|---|${clients.map(() => "---|").join("")}
${rows.join("\n")}

${notes.map((each, i) => `${i + 1}. ${each.charAt(0).toUpperCase()}${each.slice(1)}.`).join("\n")}

## Versions

| client | package |
|---|---|
${versions.join("\n")}
`;

if (!process.argv.includes("--check")) writeFileSync(PAGE, text);
else if (readFileSync(PAGE, "utf8") !== text) {
  console.error(`${PAGE} is out of date: run \`npm run generate\`.`);
  process.exit(1);
}
