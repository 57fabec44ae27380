import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findClashes, manifestOf } from "./client-manifests.ts";
import { documentIdOf } from "./document-manifest.ts";
import { readTrustedFolders } from "./trusted-folders.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "trusted folders #1 "));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (file: string, content: string | object) => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), typeof content === "string" ? content : JSON.stringify(content));
};

/** The manifest and the problems of these settings. */
const read = (...folders: readonly (readonly [folder: string, kind: string])[]) =>
  readText(folders.map(([folder, kind]) => `- folder: "${folder}"\n  kind: ${kind}\n`).join(""));

function readText(settings: string) {
  const reads = readTrustedFolders(root, settings);
  const documents = reads.flatMap((each) => each.documents);
  const problems = [...reads.flatMap((each) => each.problems), ...findClashes(documents)];
  return { manifest: manifestOf(documents), origins: documents.map(({ origin }) => origin), problems };
}

const text = (field: string, name = "Screen") => `query ${name} { ${field} }`;

describe("a team's folder", () => {
  it("keeps its documents beside those of others, with what is nested and retired", () => {
    write("teams/north/list.graphql", text("a"));
    write("teams/north/pages/one.graphql", text("b"));
    write("teams/north/retired/list.graphql", text("c"));
    write("teams/south/persisted.json", { "4e4b72bb1a8c1ddcd1a2b4b0a1f6b111": text("d") });
    const { manifest, problems } = read(["teams/north", "files"], ["teams/south/", "relay"]);
    const [a, b, c, d] = ["a", "b", "c", "d"].map((field) => text(field)) as [string, string, string, string];
    expect(manifest).toEqual({
      ...Object.fromEntries([a, b, c].map((each) => [documentIdOf(each), each])),
      "4e4b72bb1a8c1ddcd1a2b4b0a1f6b111": d,
    });
    expect(problems).toEqual([]);
  });

  it("may have operations of the same name as another's, and the same document", () => {
    write("north/list.graphql", text("a", "List"));
    write("north/both.graphql", text("both"));
    write("south/list.graphql", text("b", "List"));
    write("south/both.graphql", text("both"));
    const { manifest, problems } = read(["north", "files"], ["south", "files"]);
    expect([Object.keys(manifest).length, problems]).toEqual([3, []]);
  });

  it("may not use another's id for another text", () => {
    write("north/persisted.json", { list: text("a") });
    write("south/persisted.json", { list: text("b") });
    expect(read(["north", "relay"], ["south", "codegen"]).problems).toEqual([
      expect.stringMatching(/^south\/persisted\.json \(Screen\): the id list stands for another text in north/),
    ]);
  });

  it("may lie in another's folder, and is read as its own kind alone", () => {
    write("apps/persisted.json", { one: text("a") });
    const operations = [{ id: "two", name: "Screen", type: "query", body: text("b") }];
    write("apps/phone/manifest.json", { format: "apollo-persisted-query-manifest", version: 1, operations });
    write("apps/phone-old/persisted.json", { three: text("c") });
    const { manifest, problems } = read(["apps", "relay"], ["apps/phone", "apollo"]);
    expect([Object.keys(manifest).sort(), problems]).toEqual([["one", "three", "two"], []]);
  });

  it("may be named twice, for two kinds of files in it", () => {
    write("app/list.graphql", text("a"));
    write("app/persisted.json", { one: text("b") });
    const { manifest, problems } = read(["app", "files"], ["app", "relay"]);
    expect([Object.keys(manifest).length, problems]).toEqual([2, []]);
  });

  it("is read without what package managers and tools keep in it", () => {
    write("app/list.graphql", text("a"));
    write("app/node_modules/other/theirs.graphql", text("b"));
    write("app/.cache/old.graphql", text("c"));
    expect(read(["app", "files"]).origins).toEqual(["app/list.graphql"]);
  });

  it.each(["ordner mit ü", "a#b", "100%", "a?b", "./a/../b"])("may be called %s", (folder) => {
    write(`${folder}/list.graphql`, text("a"));
    expect(read([folder, "files"])).toMatchObject({ manifest: { [documentIdOf(text("a"))]: text("a") }, problems: [] });
  });
});

describe("a folder is refused, with what to do,", () => {
  const said = (problem: RegExp) => [expect.stringMatching(new RegExp(`^trusted-documents\\.yaml: ${problem.source}`))];

  it("if it is not there", () => {
    expect(read(["nowhere", "files"]).problems).toEqual(said(/there is no folder nowhere\./));
  });

  it.each(["../other", "..", "/etc", "a/../../other"])("if it is outside of the repository: %s", (folder) => {
    expect(read([folder, "files"]).problems).toEqual(said(/the folder .* is outside of the repository.*Copy/));
  });

  it("if it is a file", () => {
    write("app/list.graphql", text("a"));
    expect(read(["app/list.graphql", "files"]).problems).toEqual(said(/app\/list\.graphql is a file/));
  });

  it("if it holds nothing of its kind", () => {
    write("app/persisted.json", {});
    expect(read(["app", "files"]).problems).toEqual(said(/the folder app holds no \.graphql file/));
  });

  it.each([
    ["apollo", { one: "query { a }" }, /this is no manifest of Apollo/],
    ["relay", { format: "apollo-persisted-query-manifest", version: 1, operations: [] }, /this is no file of Relay/],
    ["codegen", { name: "package", dependencies: {} }, /this is no persisted-documents\.json/],
    ["relay", "{ not", /this is not JSON/],
  ])("if it holds another tool's manifest than %s's", (kind, content, problem) => {
    write("app/manifest.json", content);
    expect(read(["app", kind]).problems).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    ["- folder: x\n  kind: graphql\n", /0\.kind: /],
    ["- folders: x\n  kind: files\n", /0\.folder: /],
    ["", /: /],
    ["- folder: [", /Flow sequence/],
  ])("if the settings are wrong: %j", (settings, problem) => {
    expect(readText(settings).problems[0]).toMatch(problem);
    expect(readText(settings).problems[0]).toMatch(/^trusted-documents\.yaml: /);
  });
});
