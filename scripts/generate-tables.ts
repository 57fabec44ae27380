import { readFileSync, writeFileSync } from "node:fs";
import { drawTables } from "./tables/draw.ts";
import { OWNERS, readReferences, readTables, type TableModel } from "./tables/model.ts";

/**
 * Writes docs/tables.md and docs/tables.svg from the tables' declarations. With `--check` it writes nothing, and fails if
 * one of them is out of date.
 */
const tables = readTables();
const references = readReferences();

const code = (text: string) => `\`${text}\``;
const cell = (text: string) => text.replaceAll("|", "\\|");

function section({ name, meaning, owner, columns, indexes }: TableModel): string {
  const rows = columns.map(
    (column) =>
      `| ${code(column.name)}${column.isKey ? " (key)" : ""} | ${code(cell(column.type))} | ${cell(column.meaning)} |`,
  );
  const belongs = references
    .filter(({ from, to }) => from[0] === name || to[0] === name)
    .map(({ from, to }) => `- ${code(from.join("."))} is a ${code(to.join("."))}`);
  return [
    `### ${name}`,
    meaning,
    `Written by ${OWNERS[owner]}.`,
    ["| column | type | what it is |", "|---|---|---|", ...rows].join("\n"),
    ...(indexes.length > 0
      ? [
          `Indexes:\n\n${indexes.map((each) => `- ${code(each.name)} on ${code(each.on)}${each.where ? `, only where ${code(each.where)}` : ""}`).join("\n")}`,
        ]
      : []),
    ...(belongs.length > 0 ? [`Belongs together:\n\n${belongs.join("\n")}`] : []),
  ].join("\n\n");
}

const text = [
  "# Tables",
  "The tables of D1. `npm run generate` writes this page and its picture from [tables.ts](../src/shared/repositories/tables.ts), [ops-tables.ts](../src/shared/repositories/ops-tables.ts) and [visibility.ts](../src/shared/repositories/visibility.ts), which also has what a scope may see of each.",
  "![The tables of D1, and which columns refer to which](tables.svg)",
  "A line goes from a column to the key that it has the value of; of a dealer or a customer there is a record for each source. No table has a foreign key: events name devices, dealers and customers in any order. A service reads the fleet's tables with the repositories of `concord-sdk/repositories`, and never writes them; tables of its own get the same methods: [Your own tables](sdk.md#your-own-tables).",
  "## The fleet",
  ...tables.filter(({ owner }) => owner !== "dlq").map(section),
  "## The dead-letter desk",
  ...tables.filter(({ owner }) => owner === "dlq").map(section),
].join("\n\n");

const files = { "docs/tables.md": `${text}\n`, "docs/tables.svg": drawTables(tables, references) };
const isCheck = process.argv.includes("--check");
for (const [path, content] of Object.entries(files)) {
  if (!isCheck) writeFileSync(path, content);
  else if (readFileSync(path, "utf8") !== content) {
    console.error(`${path} is out of date: run \`npm run generate\`.`);
    process.exit(1);
  }
}
