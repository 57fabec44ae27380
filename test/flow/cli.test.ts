import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { concordDlq, type Ended, type Surroundings } from "../support/fake-terminal.ts";

const TOPIC = "device.elt.profile.updated";
const occurredAt = "2026-11-20T10:00:00.000Z";

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await startStack();
  clients = await connect(stack.url);
  const records = Array.from({ length: 30 }, (_, i) => {
    const data = i < 20 ? { model: "M", note: "größe\u2028" } : { name: 7 };
    return {
      topic: TOPIC,
      key: `cli-${i}`,
      value: JSON.stringify({ eventId: `cli-${i}`, occurredAt, deviceId: `cli-${i}`, data }),
    };
  });
  expect(await clients.push(TOPIC, records)).toEqual({ accepted: 0, deadLettered: 30 });
  await vi.waitFor(async () => expect(await json("list", "--all")).toHaveLength(30), {
    timeout: 20_000,
    interval: 200,
  });
});
afterAll(() => stack.stop());

/** In this process, since starting another takes longer than most commands. */
const concord = (args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> =>
  concordDlq(args, { url: String(stack.url), onSleep: () => setTimeout(100), ...surroundings });

/** As a script calls it: a process of its own, without a terminal. */
function script(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["--no-warnings", "cli/concord.ts", "dlq", ...args], {
    env: { ...process.env, CONCORD_URL: String(stack.url), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, out, err })),
  );
}

/** What `--json` prints: a document, or with `--all` a line for each item. */
async function json(...args: string[]) {
  const { out } = await concord([...args, "--json"]);
  const lines = out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return args.includes("--all") ? lines : lines[0];
}

const tokenOf = async (role: "viewer" | "operator") => ({
  CONCORD_TOKEN: await signOpsToken({ actor: `${role}@example.com`, role }, LOCAL_TOKEN_SECRET, "1h"),
});

describe("concord dlq", () => {
  it("lists letters in a table that fits 160 columns, and as JSON", async () => {
    const { code, out, err } = await concord(["list", "--topic", TOPIC, "--first", "5"]);
    expect([code, err]).toEqual([0, expect.stringContaining("--all")]);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^LETTER +STATE +LAST FAILED +AGE +FAILURES +TOPIC +DEVICE +REASON/);
    expect(lines).toHaveLength(6);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(160);
    expect((await json("list", "--first", "2")).deadLetters).toHaveLength(2);
  });

  it("shows groups, a letter, and the audit log", async () => {
    const { out } = await concord(["groups"]);
    expect(out).toMatch(/open +30 .*invalid_type at data\.name/);
    const [{ id }] = (await json("list", "--first", "1")).deadLetters;
    const shown = await concord(["show", id]);
    expect(shown.out).toMatch(/payload\n {2}\{/);
    expect(shown.out).toContain("masked");
    expect((await concord(["show", id, "--unmask", "ticket 1"])).out).toContain("unmask");
    expect((await concord(["audit", "--action", "letter.unmask"])).out).toContain("ticket 1");
  });

  it("gives a script its result, its errors and its exit code", async () => {
    const [list, none] = await Promise.all([
      script(["list", "--first", "2", "--json"]),
      script(["list", "--reason", "crash", "--json"]),
    ]);
    expect([list.code, list.err]).toEqual([0, ""]);
    expect(JSON.parse(list.out).deadLetters).toHaveLength(2);
    expect([none.code, none.err]).toEqual([3, "concord: no dead letters match\n"]);
    expect(JSON.parse(none.out).deadLetters).toEqual([]);
  });

  it.each<[number, string[], RegExp]>([
    [2, ["list", "--tpoic", "x"], /there is no option --tpoic/],
    [2, ["--json", "list"], /--json goes after the command/],
    [2, ["lits"], /there is no command concord dlq lits/],
    [2, ["list", "--state", "closed"], /state must be one of/],
    [2, ["replay", "--yes", "--name", "n"], /no letters are selected/],
    [2, ["replay", "--reason", "crash", "--name", "n"], /there is no terminal to ask at/],
    [2, ["discard", "--reason", "crash", "--because", "b"], /--yes/],
    [2, ["edit", "x", "--patch", "{", "--because", "b"], /is not a JSON Patch/],
    [3, ["list", "--reason", "crash"], /no dead letters match/],
    [3, ["show", "nobody"], /no dead letter with this id/],
    [3, ["plan", "--reason", "crash"], /none of these letters would be sent/],
    [3, ["runs", "nobody"], /no run with this id/],
  ])("ends with %i for %j", async (code, args, why) => {
    const ended = await concord(args);
    expect([ended.code, ended.err]).toEqual([code, expect.stringMatching(why)]);
    expect(ended.err).not.toMatch(/\n\s+at /);
  });

  it("ends with 1 when the platform cannot be reached", async () => {
    const away = await concord(["list"], { url: "http://127.0.0.1:9" });
    expect([away.code, away.err]).toEqual([1, expect.stringContaining("cannot be reached")]);
  });

  it("ends with 2 when another host than the local one is called without a token", async () => {
    const remote = await concord(["list"], { url: "https://concord.example" });
    expect([remote.code, remote.err]).toEqual([2, expect.stringContaining("CONCORD_TOKEN")]);
  });

  it("ends with 5 when the token does not permit the command", async () => {
    const args = ["discard", "--reason", "crash", "--because", "b", "--yes"];
    const viewer = await concord(args, { env: await tokenOf("viewer") });
    expect([viewer.code, viewer.err]).toEqual([5, expect.stringContaining("requires the role operator")]);
  });

  it("ends with 6 when no letter passes its contract with a patch", async () => {
    const [{ id }] = (await json("groups")).groups;
    const patch = ["--patch", '[{"op":"add","path":"/data/model","value":"N"}]', "--because", "b"];
    expect((await concord(["edit", "--group", id, ...patch])).code).toBe(6);
  });

  it("prints no colours where its output is not a terminal, whatever the environment says", async () => {
    const env = { CI: "", NO_COLOR: "", FORCE_COLOR: "1", TERM: "xterm" };
    const ends = await Promise.all(
      [["--help"], ["runs", "--help"], ["lits"], ["groups"]].map((args) => script(args, env)),
    );
    for (const { out, err } of ends) {
      expect(out + err).not.toContain("\u001b");
      expect(out + err).not.toContain("[36m");
    }
    expect(ends[0]?.out).toMatch(/4 {2}a run is paused/);
  });

  it("exports letters, imports them again, and writes fixtures of them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "concord-cli-"));
    const file = join(folder, "letters.ndjson");
    expect((await concord(["export", "--topic", TOPIC, "--out", file])).err).toContain("30 letters");
    const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(0, -1);
    expect(
      lines.map((line) => JSON.parse(line).record.value).filter((value) => value.includes("größe\u2028")),
    ).toHaveLength(20);
    expect(await json("import", file)).toEqual({ imported: 0, known: 30, refused: [] });
    writeFileSync(file, `${lines[0]}\nnonsense\n`);
    const broken = await concord(["import", file]);
    expect([broken.code, broken.out]).toEqual([6, expect.stringContaining("line 2")]);
    const out = join(folder, "fixtures");
    expect((await concord(["fixtures", "--topic", TOPIC, "--out", out, "--limit", "3"])).code).toBe(0);
    const files = readdirSync(join(out, TOPIC));
    expect(files).toHaveLength(3);
    expect(JSON.parse(readFileSync(join(out, TOPIC, files[0] as string), "utf8"))).toMatchObject({
      topic: TOPIC,
      reason: "schema_mismatch",
    });
    expect((await concord(["fixtures", "--topic", TOPIC, "--out", out])).code).toBe(6);
  });

  it("edits a group, plans, replays, and reports the outcome", { timeout: 90_000 }, async () => {
    const { groups } = await json("groups");
    const group = groups[0].id;
    const patch = ["--patch", '[{"op":"add","path":"/data/name","value":"Hall"}]', "--because", "the name was lost"];
    const preview = await concord(["edit", "--group", group, ...patch]);
    expect([preview.code, preview.out]).toEqual([
      0,
      expect.stringContaining("no letter was edited. To edit them, add --apply"),
    ]);
    expect((await json("edit", "--group", group, ...patch, "--apply")).applied).toBe(30);
    const plan = await concord(["plan", "--group", group]);
    expect(plan.out).toMatch(/will be sent +30/);
    const replayed = await concord(["replay", "--group", group, "--name", "names are back", "--rate", "100", "--yes"]);
    expect([replayed.code, replayed.out]).toEqual([0, expect.stringContaining("is done: 30 applied")]);
    expect((await concord(["runs"])).out).toMatch(/done +.* 30\/30 .*names are back/);
    expect((await concord(["watch", "--once"])).out).toContain("no unresolved groups");
    expect((await concord(["replay", "--group", group, "--name", "again", "--yes"])).code).toBe(3);
  });
});
