import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contractNameOf, isTopic } from "#contracts/topic.ts";
import { describeBadName } from "./source-files.ts";
import { contractsText, domainText, readSources } from "./sources.ts";
import { ENTITIES, sourceText, testText } from "./templates.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-sources-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with a `source.ts` that exports this, and files of contracts. */
function source(name: string, spec: object, files: readonly string[] = [], exported = name): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, "source.ts"), `export const ${exported} = ${JSON.stringify(spec)};`);
  for (const file of files) contract(name, file);
}

/** A file with what the list of contracts expects there, or with another text. */
function contract(source: string, file: string, text?: string): void {
  const base = file.replace(/\.ts$/, "");
  const topic = `device.${source}.${base.replace("-", ".")}`;
  const expected = `export const ${contractNameOf(source, base)} = defineContract({\n  topic: "${topic}",\n});\n`;
  writeFileSync(join(folder, source, file), text ?? (file.endsWith(".test.ts") ? "" : expected));
}

const spec = (name: string, precedence: number) => ({
  name,
  title: name.toUpperCase(),
  precedence,
  takes: { acknowledgeAlert: false, setDesiredState: true },
});

describe("the list of sources", () => {
  it("is that of the folders with a source.ts, by precedence, and of their files that are no tests", async () => {
    source("late", spec("late", 20), ["a-b.ts", "late.test.ts"]);
    source("early", spec("early", 10), ["filter-pad-worn_out.ts"]);
    mkdirSync(join(folder, "entities"));
    const sources = await readSources(folder);
    expect(sources.map((each) => [each.spec.name, each.contracts])).toEqual([
      ["early", ["filter-pad-worn_out"]],
      ["late", ["a-b"]],
    ]);
    expect(domainText(sources)).toContain('SOURCES = ["early", "late"] as const');
    expect(domainText(sources)).toContain('late: {"title":"LATE","takes":{"acknowledgeAlert":false');
    expect(contractsText(sources)).toContain('import { earlyFilterPadWornOut } from "./early/filter-pad-worn_out.ts";');
  });

  it("has no two sources of one precedence", async () => {
    source("one", spec("one", 10), ["a-b.ts"]);
    source("two", spec("two", 10), ["a-b.ts"]);
    await expect(readSources(folder)).rejects.toThrow(/(one and two|two and one) have the same precedence, 10/);
  });

  it("has none whose name is no segment, identifier and enum value at once", async () => {
    source("two-words", spec("two-words", 10), [], "twoWords");
    await expect(readSources(folder)).rejects.toThrow(
      "lower-case letters and digits alone, at most 32. Rename the folder",
    );
  });

  it("has none that is called otherwise than its folder", async () => {
    source("one", spec("two", 10));
    await expect(readSources(folder)).rejects.toThrow(
      'one/source.ts has to export `one`, a defineSource({ name: "one"',
    );
  });
});

describe("what nobody would read is refused, and the message says what to do", () => {
  const ok = 'defineContract({\n  topic: "device.one.a.b",\n});\n';

  it.each<[string, file: string, text: string, RegExp]>([
    ["a file without a contract", "help.ts", "export const help = 1;", /help\.ts has to export `oneHelp`/],
    ["a contract of another name", "a-b.ts", `export const other = ${ok}`, /has to export `oneAB`/],
    [
      "a second contract in a file",
      "a-b.ts",
      `export const oneAB = ${ok}export const oneAC = ${ok}`,
      /oneAB and oneAC: each topic has a file of its own/,
    ],
    [
      "a topic of another source",
      "a-b.ts",
      `export const oneAB = ${ok.replace("one", "two")}`,
      /has the topic "device\.two\.a\.b"/,
    ],
    ["a topic of another name", "a-c.ts", `export const oneAC = ${ok}`, /\{entity\}-\{action\} = a-c/],
  ])("%s", async (_, file, text, message) => {
    source("one", spec("one", 10));
    contract("one", file, text);
    await expect(readSources(folder)).rejects.toThrow(message);
  });

  it("two files of one name, a folder within, a folder without source.ts, and a source without contracts", async () => {
    source("one", spec("one", 10), ["a-b.ts", "a-c.ts"]);
    contract("one", "a_b-c.ts", 'export const oneABC = defineContract({\n  topic: "device.one.a_b.c",\n});');
    contract("one", "a-b_c.ts", 'export const oneABC = defineContract({\n  topic: "device.one.a.b_c",\n});');
    await expect(readSources(folder)).rejects.toThrow("two files export `oneABC`");
    rmSync(join(folder, "one/a_b-c.ts"));
    mkdirSync(join(folder, "one/more"));
    await expect(readSources(folder)).rejects.toThrow("one/more: nothing in it would be read");
    rmSync(join(folder, "one/more"), { recursive: true });
    rmSync(join(folder, "one/source.ts"));
    await expect(readSources(folder)).rejects.toThrow("one has contracts and no source.ts");
    rmSync(join(folder, "one"), { recursive: true });
    source("one", spec("one", 10));
    await expect(readSources(folder)).rejects.toThrow("a source without a contract is read by nobody");
  });

  it("a title that another source has, and a precedence that is no number", async () => {
    source("one", spec("one", 10), ["a-b.ts"]);
    source("two", { ...spec("two", 20), title: "ONE" }, ["a-b.ts"]);
    await expect(readSources(folder)).rejects.toThrow("one and two have the same title, ONE");
    source("three", { ...spec("three", 30), precedence: "30" }, ["a-b.ts"]);
    await expect(readSources(folder)).rejects.toThrow("a whole number as its precedence");
  });

  it.each(["class", "await", "eval", "it", "Nest", "my-source", "__proto__", "1st", ""])(
    "a source that is called %j",
    (name) => expect(describeBadName(name)).toEqual(expect.any(String)),
  );

  it.each(["constructor", "device", "valueof", "z"])("but not one that is called %j", (name) =>
    expect(describeBadName(name)).toBeUndefined(),
  );
});

describe("a new source", () => {
  const topics = Object.values(ENTITIES).flat();

  it("has topics by the grammar, each once", () => {
    expect(topics.filter(({ name }) => !isTopic(`device.nobody.${name}`))).toEqual([]);
    expect(new Set(topics.map(({ name }) => name)).size).toBe(topics.length);
  });

  it("takes the commands that its topics carry", () => {
    const made = (some: typeof topics) => sourceText({ source: "nobody", title: "N", precedence: 1, topics: some });
    expect(made(topics)).toContain("takes: { acknowledgeAlert: true, setDesiredState: true }");
    expect(made(topics.slice(0, 1))).toContain("takes: { acknowledgeAlert: false, setDesiredState: false }");
    expect(testText({ source: "nobody", title: "N", precedence: 1, topics })).toContain(
      '["dealer.unassigned", { dealer',
    );
  });
});
