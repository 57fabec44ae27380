import { parseArgs } from "node:util";
import { MEASURED } from "./measured.ts";
import { parsePlan, SETTINGS } from "./plan.ts";
import { reportOn, textOf } from "./report.ts";

/** `npm run capacity -- --devices 10000000 --events-per-device-day 288`: where each part ends, and what a month costs. */
const options = Object.fromEntries(
  [...Object.values(SETTINGS).map(({ option }) => option), "objects"].map((name) => [
    name,
    { type: "string" as const },
  ]),
);
const { values } = readOptions();
if (values.help) {
  console.log(help());
  process.exit(0);
}
const { json, help: _, ...typed } = values;
const parsed = parsePlan(typed as Record<string, string>);
if (!parsed.ok) fail(parsed.problems);
else {
  const report = reportOn(parsed.plan, MEASURED);
  console.log(json ? JSON.stringify(report, null, 2) : textOf(report));
}

function readOptions() {
  try {
    return parseArgs({ options: { ...options, json: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  } catch (thrown) {
    return fail([(thrown as Error).message]);
  }
}

function fail(problems: readonly string[]): never {
  for (const problem of problems) console.error(problem);
  console.error("`npm run capacity -- --help` lists what can be said.");
  process.exit(2);
}

function help(): string {
  const lines = Object.values(SETTINGS).map(
    ({ option, about, byDefault }) => `  --${`${option} N`.padEnd(26)}${about} (${byDefault})`,
  );
  return [
    "npm run capacity -- [options]",
    "Says where each part of the platform ends, what this fleet needs, and what a month costs.",
    "",
    ...lines,
    `  --${"objects always|live".padEnd(26)}DEVICE_OBJECT_WRITES (always)`,
    `  --${"json".padEnd(26)}everything, for machines`,
  ].join("\n");
}
