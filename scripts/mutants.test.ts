import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ROOT } from "../local/tool.ts";
import { MUTANTS } from "../test/guarantees/mutants.ts";

const textOf = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

const numberOf = (name: string) => Number(/^G(\d+): /.exec(name)?.[1]);

const names = globSync("test/guarantees/*.test.ts", { cwd: ROOT })
  .flatMap((file) => [...textOf(file).matchAll(/^it\("(.+)", async/gm)])
  .map(([, name = ""]) => name)
  .sort((a, b) => numberOf(a) - numberOf(b));

/** The rows of the table of guarantees, cell by cell. */
const rows = textOf("docs/guarantees.md")
  .split("\n")
  .filter((line) => /^\| G\d+:/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

it("docs/guarantees.md has a row for each guarantee's test, under its name and in its order", () => {
  expect(rows.map(([, name]) => name)).toEqual(names);
});

it("each row names the mutation that breaks its guarantee, and where", () => {
  for (const [, name = "", ...cells] of rows) {
    const mutants = MUTANTS.filter(({ guarantee }) => name.startsWith(`${guarantee}: `));
    expect(mutants, name).not.toEqual([]);
    for (const { file, says } of mutants) expect(cells.join(), name).toContain(`[${file}](../${file}): ${says}`);
  }
});

it.each(MUTANTS.map(({ guarantee, file, find }) => [guarantee, file, find] as const))(
  "what the mutation of %s replaces stands in %s once",
  (_, file, find) => {
    expect(textOf(file).split(find)).toHaveLength(2);
  },
);
