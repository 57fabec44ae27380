import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ROOT, run } from "../../local/tool.ts";
import { makeRelease, notesOf, planRelease } from "./release.ts";

const SCHEMA = "type Query { device: String, devices: Int }\n";
const RELEASES = "src/shared/contracts/releases/index.json";

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "concord-release-"));
  folders.push(folder);
  return folder;
};

/** The repository of a test. Each starts as a copy of one that is made once. */
let root: string;
let unreleased: string;
const copyOf = (from: string): void => {
  root = newFolder();
  cpSync(from, root, { recursive: true });
};

beforeAll(() => {
  root = unreleased = newFolder();
  git("init", "-q");
  for (const [key, value] of [
    ["user.name", "a"],
    ["user.email", "a@example.com"],
    ["commit.gpgsign", "false"],
  ]) {
    git("config", String(key), String(value));
  }
  cpSync(join(ROOT, "cliff.toml"), join(root, "cliff.toml"));
  for (const path of ["package.json", "packages/cli/package.json", "packages/sdk/package.json"]) write(path, PACKAGE);
  write(
    "package-lock.json",
    `${JSON.stringify({ version: "0.1.0", packages: { "": { version: "0.1.0" } } }, null, 2)}\n`,
  );
  write("examples/a/package.json", '{ "dependencies": { "concord-sdk": "^0.1.0" } }\n');
  write("README.md", "npm install -g ./concord-0.1.0.tgz\n");
  write("schema.graphql", SCHEMA);
  write("schema-breaks.txt", "");
  write(RELEASES, JSON.stringify([{ release: 1, date: "2026-12-01", topics: { "a.b": 1 } }]));
  write("migrations/0000_initial.sql", "");
  write("migrations/meta/_journal.json", '{"entries":[]}');
  commit("devices: they are there");
});
beforeEach(() => copyOf(unreleased));
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const PACKAGE = '{\n  "name": "x",\n  "version": "0.1.0",\n  "dependencies": { "y": "0.1.0" }\n}\n';

function git(...args: string[]): string {
  const { status, stdout, stderr } = run("git", ["-c", "init.defaultBranch=main", ...args], { cwd: root });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}
function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const read = (path: string) => readFileSync(join(root, path), "utf8");
function commit(subject: string): void {
  git("add", "-A");
  git("commit", "-q", "-m", subject, "--allow-empty");
}
const plan = (wanted: string, contractProblems: string[] = []) => planRelease({ wanted, root, contractProblems });
async function released(wanted: string): Promise<void> {
  makeRelease(await plan(wanted), root);
}

it("a first release has the version of package.json, a commit, an annotated tag and a changelog by area", async () => {
  expect(await plan("0.1.0")).toMatchObject({ tag: "v0.1.0", refusals: [], why: "it is the first release" });
  await released("0.1.0");
  expect(git("log", "-1", "--format=%s")).toBe("release: 0.1.0");
  expect(git("cat-file", "-t", "v0.1.0")).toBe("tag");
  expect(git("status", "--porcelain")).toBe("");
  expect(read("CHANGELOG.md")).toMatch(
    /## 0\.1\.0, \d{4}-\d\d-\d\d\n\nThe first release\.\n\n### The platform\n\n- devices: they are there\n/,
  );
});

it("a planned release changes nothing, and its notes are those of the changelog", async () => {
  const before = git("rev-parse", "HEAD");
  const planned = await plan("minor");
  const notes = notesOf(planned, root);
  expect([git("rev-parse", "HEAD"), git("status", "--porcelain"), git("tag")]).toEqual([before, "", ""]);
  makeRelease(planned, root);
  expect(read("CHANGELOG.md")).toContain(notes);
});

it("a folder without git has nothing to release", async () => {
  rmSync(join(root, ".git"), { recursive: true });
  await expect(plan("minor")).rejects.toThrow(/made from commits, and this checkout has none/);
});

describe("after a release", () => {
  let afterFirst: string;
  beforeAll(async () => {
    copyOf(unreleased);
    afterFirst = root;
    await released("0.1.0");
    commit("console: a page is wider");
  });
  beforeEach(() => copyOf(afterFirst));

  it("one version is written into all packages, the lockfile, and what names them", async () => {
    await released("0.2.0");
    for (const path of ["package.json", "packages/cli/package.json", "packages/sdk/package.json"]) {
      expect(read(path)).toBe(PACKAGE.replace('"version": "0.1.0"', '"version": "0.2.0"'));
    }
    expect(JSON.parse(read("package-lock.json"))).toEqual({ version: "0.2.0", packages: { "": { version: "0.2.0" } } });
    expect(read("examples/a/package.json")).toContain('"concord-sdk": "^0.2.0"');
    expect(read("README.md")).toContain("concord-0.2.0.tgz");
    expect(read("CHANGELOG.md")).toMatch(/## 0\.2\.0.*### Console\n\n- console: a page is wider\n.*## 0\.1\.0/s);
  });

  it("its tag and its notes say which migrations, contracts and changes of the schema it brings", async () => {
    write("migrations/0001_next.sql", "");
    write("schema.graphql", SCHEMA.replace("Int", "Int, dealer: String"));
    write(RELEASES, JSON.stringify([{ release: 2, date: "2026-12-02", topics: { "a.b": 2 } }]));
    commit("api: a dealer can be asked for");
    await released("minor");
    const about = [
      "Migrations: 0001_next.sql.",
      "Contracts: a.b, version 2.",
      "schema.graphql: 1 change after which every query of before is still valid.",
    ].join("\n");
    expect(git("tag", "--list", "--format=%(contents)", "v0.2.0")).toBe(about);
    expect(read("CHANGELOG.md")).toContain(about);
  });

  it("a change of several areas is in the notes of the first, and one of the client is in those of clients", async () => {
    commit("client: an app has one socket");
    commit("devices, ingest: a batch calls each hub once");
    commit("a sentence, with a comma: it has no area");
    expect(notesOf(await plan("minor"), root)).toMatch(
      /### The platform\n\n- devices, ingest: .*### Queries, clients and access\n\n- client: .*### Other changes\n\n- a sentence/s,
    );
  });

  const growSchema = () => write("schema.graphql", SCHEMA.replace("Int", "Int, dealer: String"));
  const breakSchema = () => write("schema.graphql", "type Query { device: String }\n");
  const allowBreak = () =>
    write("schema-breaks.txt", "Field 'devices' was removed from object type 'Query' # nobody asks\n");
  const atOne = async () => released("1.0.0");

  it.each([
    ["another branch", "patch", () => git("checkout", "-q", "-b", "fix"), /This is fix: releases are made on main/],
    ["the version of the last release", "0.1.0", () => {}, /0\.1\.0 does not come after 0\.1\.0/],
    ["a version of before", "0.0.9", () => {}, /0\.0\.9 does not come after 0\.1\.0/],
    [
      "a patch when the schema has grown",
      "patch",
      growSchema,
      /needs a minor one: schema\.graphql has grown: Field 'dealer'/,
    ],
    [
      "a patch when a contract has grown",
      "patch",
      () => write(RELEASES, JSON.stringify([{ release: 2, date: "2026-12-02", topics: { "a.b": 1, "a.c": 1 } }])),
      /needs a minor one: contracts have grown: a\.c, version 1/,
    ],
    [
      "a break that has no reason, whatever the step",
      "major",
      breakSchema,
      /breaks queries: Field 'devices' was removed/,
    ],
    [
      "a package with a version of its own",
      "patch",
      () => write("packages/sdk/package.json", PACKAGE.replace("0.1.0", "0.3.0")),
      /packages\/sdk\/package\.json does not have the version/,
    ],
  ])("%s is refused", async (_, wanted, change, problem) => {
    change();
    commit("a change");
    expect((await plan(wanted)).refusals).toContainEqual(expect.stringMatching(problem));
  });

  it("a file that is not committed is refused", async () => {
    expect((await plan("patch")).refusals).toEqual([]);
    write("new.txt", "");
    expect((await plan("patch")).refusals).toEqual([expect.stringMatching(/not committed/)]);
  });

  it("a break that is meant is a minor step before 1.0.0, and a major one afterwards", async () => {
    const change = () => {
      breakSchema();
      allowBreak();
      commit("api: devices are gone");
    };
    change();
    expect((await plan("patch")).refusals).toEqual([
      expect.stringMatching(/needs a minor one: .*'devices' was removed/),
    ]);
    expect((await plan("minor")).refusals).toEqual([]);
    write("schema.graphql", SCHEMA);
    commit("api: devices are there again");
    await atOne();
    change();
    expect((await plan("minor")).refusals).toEqual([expect.stringMatching(/needs a major one/)]);
    expect(await plan("major")).toMatchObject({ version: "2.0.0", refusals: [] });
  });

  it("what is wrong with the contracts is refused in their own words", async () => {
    expect((await plan("patch", ["Version 2 of a.b is not released."])).refusals).toEqual([
      "Version 2 of a.b is not released.",
    ]);
  });
});
