import { readFileSync, writeFileSync } from "node:fs";
import { measure } from "./measure.ts";

/** Writes capacity/measured.json. With `--check` it writes nothing, and fails if a byte has changed since. */
const PATH = "capacity/measured.json";
const text = `${JSON.stringify(await measure(), null, 2)}\n`;
if (!process.argv.includes("--check")) writeFileSync(PATH, text);
else if (readFileSync(PATH, "utf8") !== text) {
  console.error(`${PATH} is out of date: run \`npm run generate\`, and look at what it changes in docs/scale.md.`);
  process.exit(1);
}
