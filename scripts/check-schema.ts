import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "@graphql-inspector/core";
import { readOptions } from "../local/options.ts";
import { ROOT } from "../local/tool.ts";
import { historyOf } from "./history.ts";
import { type SchemaChanges, schemaChanges } from "./schema-changes.ts";

/**
 * Prints what schema.graphql changes for clients, and fails if a query that was valid no longer is. `--base` names the
 * commit to compare with. Without it that is where this branch left origin/main, or else the commit before this one. If
 * there is none, as in a shallow clone, nothing is compared, and a message says so.
 */
const SCHEMA = "schema.graphql";
const BREAKS = "schema-breaks.txt";
const HOW_TO_ALLOW = `
Deprecate first (\`deprecationReason\`), and remove when nobody asks any more. A break that is meant stands in ${BREAKS},
with its message as above and a reason behind a "#".`;

const values = readOptions(
  `npm run schema:check -- [--base COMMIT]
Prints what schema.graphql changes for clients, and fails if a query that was valid no longer is.`,
  { base: { type: "string" } },
);

const history = historyOf();
const base =
  values.base === undefined
    ? history.base()
    : history.git("rev-parse", "--verify", "--quiet", `${values.base}^{commit}`);
const before = base === null ? null : history.git("show", `${base}:${SCHEMA}`);

if (values.base !== undefined && before === null) {
  console.error(`There is no ${SCHEMA} at ${values.base}: name a commit that this clone has.`);
  process.exitCode = 2;
} else if (base === null || before === null) {
  console.log(`Skipped: this clone has no earlier ${SCHEMA} to compare with (a first commit, or a shallow clone).`);
} else {
  const changes = await schemaChanges(
    before,
    readFileSync(join(ROOT, SCHEMA), "utf8"),
    readFileSync(join(ROOT, BREAKS), "utf8"),
  );
  console.log(report(changes, base.slice(0, 10)));
  if (changes.breaking.length > 0) process.exitCode = 1;
}

function report({ breaking, allowed, dangerous, safe }: SchemaChanges, commit: string): string {
  const total = breaking.length + allowed.length + dangerous.length + safe.length;
  if (total === 0) return `${SCHEMA} says what it said at ${commit}.`;
  return [
    `${SCHEMA} since ${commit}:`,
    ...group("breaking", breaking.map(messageOf)),
    ...group(
      "breaking, and allowed",
      allowed.map(({ change, reason }) => `${change.message}: ${reason}`),
    ),
    ...group("dangerous", dangerous.map(messageOf)),
    ...group("safe", safe.map(messageOf)),
    ...(breaking.length === 0 ? [] : [HOW_TO_ALLOW]),
  ].join("\n");
}

function group(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`\n${name} (${lines.length})`, ...lines.map((line) => `  ${line}`)];
}

function messageOf({ message }: Change): string {
  return message;
}
