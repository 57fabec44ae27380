import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Guides whose code is part of tests, indented ones too, with how many blocks they have at least, and those tests with what they import. */
const GUIDES = [
  ["docs/testing.md", 4],
  ["docs/producing.md", 4],
  ["docs/sdk.md", 6],
] as const;
const CODE = globSync("examples/guides/**/*.ts").map((file) => readFileSync(file, "utf8"));

/** Without indentation, which is another one inside of a test. */
const lines = (code: string): string => code.replaceAll(/^ +/gm, "").trim();

it.each(GUIDES)("every block of code in %s is part of a test that is run", (guide, atLeast) => {
  const blocks = [...readFileSync(guide, "utf8").matchAll(/^ *```ts\n(.*?)^ *```$/gms)].map(([, code = ""]) => code);
  expect(blocks.length).toBeGreaterThanOrEqual(atLeast);
  expect(blocks.filter((block) => !CODE.some((code) => lines(code).includes(lines(block))))).toEqual([]);
});
