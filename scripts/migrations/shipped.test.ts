import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../local/tool.ts";
import { historyOf } from "../history.ts";
import { compareWithShipped } from "./shipped.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "concord-shipped-"));
  mkdirSync(join(root, "migrations/meta"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function git(...args: string[]): void {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
  const { status, stderr } = run("git", [...identity, "-c", "init.defaultBranch=main", ...args], { cwd: root });
  if (status !== 0) throw new Error(stderr);
}
const write = (path: string, text: string) => writeFileSync(join(root, "migrations", path), text);
function writeMigrations(...names: string[]): void {
  for (const name of names) write(`${name}.sql`, `CREATE TABLE t${name} (a);\n`);
  write("meta/_journal.json", JSON.stringify({ entries: names.map((tag, idx) => ({ idx, tag })) }));
}
function commit(): void {
  git("add", "-A");
  git("commit", "-q", "-m", "x", "--allow-empty");
}
const compare = () => compareWithShipped(historyOf(root), root);

describe("with a release and commits after it", () => {
  let made: string;
  beforeAll(() => {
    root = made = mkdtempSync(join(tmpdir(), "concord-shipped-"));
    mkdirSync(join(root, "migrations/meta"), { recursive: true });
    git("init", "-q");
    writeMigrations("0000_a", "0001_b");
    write("meta/0000_snapshot.json", "{}");
    commit();
    git("tag", "-a", "-m", "v0.1.0", "v0.1.0");
    commit();
  });
  beforeEach(() => cpSync(made, root, { recursive: true }));
  afterAll(() => rmSync(made, { recursive: true }));

  it("a migration behind the shipped ones is fine", () => {
    writeMigrations("0000_a", "0001_b", "0002_c");
    expect(compare()).toEqual({ problems: [], notes: [], shipped: new Set(["0000_a.sql", "0001_b.sql"]) });
  });

  it.each([
    [
      "an edit of a shipped migration, even of a comment",
      () => write("0000_a.sql", "-- a\nCREATE TABLE t0000_a (a);\n"),
      /0000_a\.sql has shipped with v0\.1\.0, and is not what it was/,
    ],
    [
      "an edit that is committed",
      () => {
        write("0000_a.sql", "x");
        commit();
        commit();
      },
      /0000_a\.sql has shipped with v0\.1\.0/,
    ],
    [
      "a removed migration",
      () => rmSync(join(root, "migrations/0001_b.sql")),
      /0001_b\.sql has shipped with v0\.1\.0, and is gone/,
    ],
    [
      "a renamed migration",
      () => renameSync(join(root, "migrations/0001_b.sql"), join(root, "migrations/0001_c.sql")),
      /0001_b\.sql .* is gone/,
    ],
    ["an edited snapshot", () => write("meta/0000_snapshot.json", "[]"), /0000_snapshot\.json .* is not what it was/],
    [
      "a changed entry of the journal",
      () => write("meta/_journal.json", '{"entries":[{"idx":0,"tag":"0000_a","when":1},{"idx":1,"tag":"0001_b"}]}'),
      /_journal\.json changes entries/,
    ],
    ["a number that is used twice", () => write("0001_a.sql", ""), /0001_b\.sql is out of order/],
    ["a number that is left out", () => writeMigrations("0000_a", "0001_b", "0003_d"), /0003_d\.sql is out of order/],
    ["a file that the journal does not have", () => write("0002_c.sql", ""), /do not have the same order/],
  ])("%s is refused", (_, change, problem) => {
    change();
    expect(compare().problems).toContainEqual(expect.stringMatching(problem));
  });

  it("what main has is shipped, released or not; a branch may still change its own migration", () => {
    writeMigrations("0000_a", "0001_b", "0002_c");
    commit();
    git("checkout", "-q", "-b", "next");
    writeMigrations("0000_a", "0001_b", "0002_c", "0003_d");
    commit();
    write("0003_d.sql", "CREATE TABLE d (b);");
    commit();
    expect(compare().problems).toEqual([]);
    write("0002_c.sql", "CREATE TABLE c (b);");
    expect(compare().problems).toEqual([expect.stringMatching(/0002_c\.sql has shipped with [0-9a-f]{10}, /)]);
  });

  it("the line ends of Windows are no change", () => {
    git("config", "core.autocrlf", "true");
    write("0000_a.sql", readFileSync(join(root, "migrations/0000_a.sql"), "utf8").replaceAll("\n", "\r\n"));
    expect(compare().problems).toEqual([]);
  });

  it("a shallow clone says in one line what it could not compare", () => {
    const origin = root;
    root = mkdtempSync(join(tmpdir(), "concord-shipped-"));
    git("clone", "-q", "--depth", "2", `file://${origin}`, ".");
    rmSync(origin, { recursive: true });
    expect(compare().notes).toEqual([expect.stringMatching(/not compared with all releases.*--unshallow/)]);
  });
});

it("a folder without git says in one line what it could not compare, and its order is checked", () => {
  writeMigrations("0000_a", "0002_b");
  expect(compare()).toEqual({
    problems: [expect.stringMatching(/0002_b\.sql is out of order/)],
    notes: [expect.stringMatching(/were not compared: this checkout has no earlier commit/)],
    shipped: null,
  });
});
