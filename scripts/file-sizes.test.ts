import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { MARKER } from "../deploy/tables/config.ts";
import { run } from "../local/tool.ts";

const MAX_LINES = 400;

/** What a person writes: not what a tool has written from it, and no pictures. */
const WRITTEN = /\.(ts|tsx|mjs|js|css|sql|graphql|toml|grit|jsonc|svg)$/;
const GENERATED = /\.generated\.|(^|\/)generated\.ts$|worker-configuration\.d\.ts$|^schema\.graphql$/;

it(`no file that people write is over ${MAX_LINES} lines`, () => {
  const { stdout } = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
  const files = stdout.split("\0").filter((file) => WRITTEN.test(file) && !GENERATED.test(file));
  expect(files.length).toBeGreaterThan(500);
  const sizes = files.map((file) => ({ file, lines: lineCount(file) }));
  expect(sizes.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
});

function lineCount(file: string): number {
  try {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
    // Of a wrangler.toml, what a person writes.
    return (text.split(`\n${MARKER}`)[0] ?? "").split("\n").length - 1;
  } catch (thrown) {
    // Git lists a file that was deleted without a commit.
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw thrown;
  }
}
