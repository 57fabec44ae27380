import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { signDeskToken } from "../../src/shared/auth/desk-user.ts";
import { LOCAL_TOKEN_SECRET } from "../../src/shared/auth/token.ts";

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

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** As a script calls it: no terminal, no colours. */
function concord(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, ["--no-warnings", "cli/concord.ts", "dlq", ...args], {
    env: { ...process.env, CONCORD_URL: String(stack.url), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

/** What `--json` prints, a document or a line each. */
async function json(...args: string[]) {
  const { out } = await concord([...args, "--json"]);
  const lines = out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return args.includes("--all") ? lines : lines[0];
}

const role = async (name: "viewer" | "operator") => ({
  CONCORD_TOKEN: await signDeskToken({ actor: `${name}@example.com`, role: name }, LOCAL_TOKEN_SECRET, "1h"),
});

describe("concord dlq", () => {
  it("lists letters in a table that fits, and as JSON", async () => {
    const { code, out, err } = await concord(["list", "--topic", TOPIC, "--first", "5"]);
    expect([code, err]).toEqual([0, expect.stringContaining("--all")]);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^LETTER +STATE +FAILED +AGO +× +TOPIC +DEVICE +WHY/);
    expect(lines).toHaveLength(6);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(160);
    expect((await json("list", "--first", "2")).deadLetters).toHaveLength(2);
  });

  it("shows groups, a letter, and what was done", async () => {
    const { out } = await concord(["groups"]);
    expect(out).toMatch(/open +30 .*invalid_type at data\.name/);
    const [{ id }] = (await json("list", "--first", "1")).deadLetters;
    const shown = await concord(["show", id]);
    expect(shown.out).toMatch(/payload\n {2}\{/);
    expect(shown.out).toContain("masked");
    expect((await concord(["show", id, "--unmask", "ticket 1"])).out).toContain("unmask");
    expect((await concord(["audit", "--action", "letter.unmask"])).out).toContain("ticket 1");
  });

  it.each<[number, string[], RegExp]>([
    [2, ["list", "--tpoic", "x"], /Unknown option '--tpoic'/],
    [2, ["--json", "list"], /--json goes after the command/],
    [2, ["lits"], /there is no command concord dlq lits/],
    [2, ["list", "--state", "closed"], /state must be one of/],
    [2, ["replay", "--yes", "--name", "n"], /say which letters/],
    [2, ["replay", "--reason", "crash", "--name", "n"], /nobody is there to be asked/],
    [2, ["discard", "--reason", "crash", "--because", "b"], /--yes/],
    [2, ["edit", "x", "--patch", "{", "--because", "b"], /no JSON Patch/],
    [3, ["list", "--reason", "crash"], /no dead letters match/],
    [3, ["show", "nobody"], /no dead letter with this id/],
    [3, ["plan", "--reason", "crash"], /nothing of that would be sent/],
    [3, ["runs", "nobody"], /no run with this id/],
  ])("ends with %i for %j", async (code, args, why) => {
    const ended = await concord(args);
    expect([ended.code, ended.err]).toEqual([code, expect.stringMatching(why)]);
    expect(ended.err).not.toMatch(/\n\s+at /);
  });

  it("ends with 1 where nobody answers, with 5 where the token may not, with 6 for a patch that mends nothing", async () => {
    const away = await concord(["list"], { CONCORD_URL: "http://127.0.0.1:9" });
    expect([away.code, away.err]).toEqual([1, expect.stringContaining("cannot be reached")]);
    const viewer = await concord(["discard", "--reason", "crash", "--because", "b", "--yes"], await role("viewer"));
    expect([viewer.code, viewer.err]).toEqual([5, expect.stringContaining("for role operator")]);
    const abroad = await concord(["list"], { CONCORD_URL: "https://concord.example", CONCORD_TOKEN: "" });
    expect([abroad.code, abroad.err]).toEqual([2, expect.stringContaining("CONCORD_TOKEN")]);
    const [{ id }] = (await json("groups")).groups;
    const patch = ["--patch", '[{"op":"add","path":"/data/model","value":"N"}]', "--because", "b"];
    expect((await concord(["edit", "--group", id, ...patch])).code).toBe(6);
  });

  it("has no colours in what is no terminal, whatever its environment is", async () => {
    // citty takes these for a reason to leave its colours out by itself.
    const env = { TEST: "", CI: "", NO_COLOR: "", TERM: "xterm" };
    for (const args of [["--help"], ["runs", "--help"], ["lits"], ["groups"]]) {
      const { out, err } = await concord(args, env);
      expect(out + err).not.toContain("\u001b");
      expect(out + err).not.toContain("[36m");
    }
    expect((await concord(["--help"], env)).out).toMatch(/4 {2}a run is paused/);
  });

  it("takes letters out and in again, and makes fixtures of them", async () => {
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

  it("mends a group, plans, replays, and says how it went", { timeout: 90_000 }, async () => {
    const { groups } = await json("groups");
    const group = groups[0].id;
    const patch = ["--patch", '[{"op":"add","path":"/data/name","value":"Hall"}]', "--because", "the name was lost"];
    const preview = await concord(["edit", "--group", group, ...patch]);
    expect([preview.code, preview.out]).toEqual([0, expect.stringContaining("none was edited: say --apply")]);
    expect((await json("edit", "--group", group, ...patch, "--apply")).applied).toBe(30);
    const plan = await concord(["plan", "--group", group]);
    expect(plan.out).toMatch(/will be sent +30/);
    const replayed = await concord(["replay", "--group", group, "--name", "names are back", "--rate", "100", "--yes"]);
    expect([replayed.code, replayed.out]).toEqual([0, expect.stringContaining("is done: 30 applied")]);
    expect((await concord(["runs"])).out).toMatch(/done +.* 30\/30 .*names are back/);
    expect((await concord(["watch", "--once"])).out).toContain("nothing waits");
    expect((await concord(["replay", "--group", group, "--name", "again", "--yes"])).code).toBe(3);
  });
});
