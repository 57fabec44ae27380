import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const DOCUMENTS = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "SUPPORT.md"],
  ...[
    "docs",
    "docs/decisions",
    "docs/observability",
    "docs/console",
    "examples/dashboard",
    "examples/dispatch-worker",
    "packages/sdk",
    "test/peers",
  ]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith(".md")),
];

const textOf = (path: string): string => readFileSync(path, "utf8");

/** As GitHub makes them: https://docs.github.com/en/get-started/writing-on-github/basic-writing-and-formatting-syntax#section-links */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");

const anchorsOf = (path: string): Set<string> =>
  new Set([...textOf(path).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading)));

it.each(DOCUMENTS)("%s links only to files and headings that exist", (path) => {
  const links = [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const broken = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), decodeURI(file));
    return !existsSync(target) || (anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).has(anchor));
  });
  expect(broken).toEqual([]);
});

it("gives each decision a number of its own", () => {
  const numbers = readdirSync("docs/decisions").map((name) => name.slice(0, 4));
  expect(numbers.filter((number, i) => numbers.indexOf(number) !== i)).toEqual([]);
});

/** Paths in code spans, as `src/shared/domain/fleet.ts`: from the root, or from a folder that the document is about. */
const PATH =
  /`((?:bridge|capacity|src|workers|test|scripts|docs|demo|story|backfill|parity|bench|samples|cli|console|local|lint|migrations|examples|packages)\/[\w./{},*-]+)`/g;

it.each(DOCUMENTS)("%s names only paths that exist", (path) => {
  const named = [...textOf(path).matchAll(PATH)].flatMap(([, each = ""]) => expanded(each));
  // A star matches any name, and so does a single word in braces.
  expect(named.filter((each) => !/[*{]/.test(each) && !existsSync(each))).toEqual([]);
});

/** `a/{b,c}.ts` as `a/b.ts` and `a/c.ts`. */
function expanded(path: string): string[] {
  const [, head = "", choices = "", tail = ""] = /^(.*?)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  if (!choices.includes(",")) return [path];
  return choices.split(",").flatMap((choice) => expanded(`${head}${choice}${tail}`));
}

it.each(DOCUMENTS)("%s names only commands that exist", (path) => {
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  const named = [...textOf(path).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

it("README.md quotes costs and latencies that the bench has measured", () => {
  const [, section = ""] = /^## What it costs\n(.*?)^## /ms.exec(textOf("README.md")) ?? [];
  const figures = section.match(/\$\d+\.\d\d|\d+(?:\.\d+)? ms/g) ?? [];
  expect(figures.length).toBeGreaterThan(5);
  // Written by `npm run bench -- --write`.
  const measured = textOf("docs/performance.md");
  expect(figures.filter((figure) => !measured.includes(figure))).toEqual([]);
});

const WORDS = [
  ...textOf("docs/glossary.md").matchAll(/^\| ([a-z][\w ]*) \| .* \| \[[^\]]+\]\(\.\.\/([^)]+)\) \|$/gm),
].map(([, word = "", file = ""]) => [word, file] as const);

it("docs/glossary.md has forty-one words", () => {
  expect(WORDS).toHaveLength(41);
});

it.each(WORDS)("docs/glossary.md links %s to a file that uses the word", (word, file) => {
  const joined = (text: string) => text.toLowerCase().replace(/[\s_-]+/g, "");
  expect(joined(textOf(file)).includes(joined(word)), file).toBe(true);
});

it("docs/sdk.md shows a table, a rule and a repository as a tested service has them", () => {
  const [, section = ""] = textOf("docs/sdk.md").split("## Your own tables");
  const blocks = [...section.matchAll(/```ts\n([\s\S]*?)```/g)].slice(0, 3).map(([, block = ""]) => block);
  const tested = new Set(
    textOf("test/workers/api/visits.ts")
      .split("\n")
      .map((line) => line.trim()),
  );
  expect(blocks).toHaveLength(3);
  expect(
    blocks.flatMap((block) => block.split("\n")).filter((line) => !tested.has(line.trim()) && line.trim()),
  ).toEqual([]);
});
