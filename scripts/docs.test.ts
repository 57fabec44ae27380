import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const DOCUMENTS = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"],
  ...["docs", "docs/decisions", "docs/observability", "docs/console", "examples/dashboard", "examples/dispatch-worker"]
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

it.each(DOCUMENTS)("%s links to files and headings that there are", (path) => {
  const links = [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const broken = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), decodeURI(file));
    return !existsSync(target) || (anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).has(anchor));
  });
  expect(broken).toEqual([]);
});

/** Paths in code spans, as `src/shared/domain/fleet.ts`: from the root, or from a folder that the document speaks of. */
const PATH = /`((?:src|workers|test|scripts|docs|demo|bench|samples|cli|migrations|examples)\/[\w./{},*-]+)`/g;

it.each(DOCUMENTS)("%s names paths that there are", (path) => {
  const named = [...textOf(path).matchAll(PATH)].flatMap(([, each = ""]) => expanded(each));
  // A star stands for any name, and so does a single word in braces.
  expect(named.filter((each) => !/[*{]/.test(each) && !existsSync(each))).toEqual([]);
});

/** `a/{b,c}.ts` as `a/b.ts` and `a/c.ts`. */
function expanded(path: string): string[] {
  const [, head = "", choices = "", tail = ""] = /^(.*?)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  if (!choices.includes(",")) return [path];
  return choices.split(",").flatMap((choice) => expanded(`${head}${choice}${tail}`));
}

it.each(DOCUMENTS)("%s names commands that there are", (path) => {
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  const named = [...textOf(path).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
