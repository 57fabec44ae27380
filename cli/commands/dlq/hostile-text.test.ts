import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answers, group, letter, ndjson, refusal, run, startDeskStub } from "../../../test/support/desk-stub.ts";
import { concordDlq, type Sitting } from "../../../test/support/fake-terminal.ts";
import { SGR } from "../../desk/paint.ts";
import { printable } from "../../desk/printable.ts";
import { COMMANDS } from "./index.ts";

/** One of each kind that a terminal obeys, hides, or turns a line around for. */
const EVIL = "\u001b[2J\u001b]0;t\u0007\u001b[8m\u007f\u009b2J\u2028\u202e\u061c\u200b\u200d\ufeff\u00ad\u{e0041}";
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

/** What only the desk itself says. */
const OURS = /^(state|role|payloadEncoding|encoding|hash|nextCursor|value|payload)$|At$|^at$/;

const poisoned = <T>(value: T, name = ""): T => {
  if (typeof value === "string") return (OURS.test(name) ? value : `${value}${EVIL}`) as T;
  if (Array.isArray(value)) return value.map((each) => poisoned(each, name)) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, poisoned(each, key)])) as T;
};

const issue = { path: "data.name", code: "c", message: "m" };
const LETTER = poisoned(
  letter({
    state: "discarded",
    discardReason: "d",
    discardedAt: letter().receivedAt,
    eventId: "e",
    runId: "r",
    traceparent: "t",
    headers: [["h", "v"]],
    edited: "not JSON",
    payload: JSON.stringify({ [EVIL]: EVIL }),
    revisions: [{ revision: 1, patch: [], actor: "a", reason: "r", at: letter().receivedAt }],
  }),
);
const BYTES = { ...LETTER, payload: `AA==${EVIL}`, payloadEncoding: "base64" };
const PAUSED = poisoned(
  run({
    name: "n",
    state: "paused",
    why: "w",
    progress: { total: 3, failed: 1 },
    plan: { stillFailing: [{ group: "g", signature: "s", count: 1 }], refused: [{ why: "w", count: 1 } as never] },
  }),
);
const RUNNING = { ...PAUSED, state: "running" as const };
const AUDIT = { id: 1, at: letter().receivedAt, actor: "a", role: "admin", action: "a", target: "t", reason: null };
const EXPORTED = [JSON.stringify(poisoned({ id: "l", record: { topic: "t", key: "k", value: EVIL }, failure: {} }))];
const page = (name: string, item: unknown) => () => ({ json: { [name]: [item], nextCursor: null } });

const DESK: Answers = {
  "GET /dead-letters": page("deadLetters", LETTER),
  "GET /dead-letters/l-1": () => ({ json: LETTER }),
  "GET /dead-letters/bytes": () => ({ json: BYTES }),
  "PATCH /dead-letters/l-1": () => ({ json: LETTER }),
  "POST /dead-letters/l-1/restore": () => ({ json: LETTER }),
  "GET /groups": page("groups", poisoned(group({ note: "n" }))),
  "POST /groups/g-1/state": () => ({ json: poisoned(group()) }),
  "POST /groups/g-1/edit": () => ({
    json: poisoned({
      letters: 2,
      pass: 1,
      applied: 0,
      fail: { issues: [{ ...issue, count: 1 }] },
      samples: [
        { id: "l", before: "b", after: "a", issues: [] },
        { id: "l", before: "b", after: null, issues: [issue] },
      ],
    }),
  }),
  "POST /plans": () => ({ json: PAUSED }),
  [`POST /runs/${encodeURIComponent(PAUSED.id)}/start`]: () => ({ json: RUNNING }),
  [`GET /runs/${encodeURIComponent(PAUSED.id)}`]: () => ({ json: PAUSED }),
  "GET /runs": page("runs", PAUSED),
  "GET /runs/r-1": () => ({ json: RUNNING }),
  "POST /discards": () => ({ json: { discarded: 1 } }),
  "GET /export": () => ndjson(EXPORTED),
  "POST /import": () => ({ json: { imported: 1, known: 0, refused: [poisoned({ line: 1, message: "m" })] } }),
  "GET /audit": page("audit", poisoned({ ...AUDIT, after: { x: "y" } })),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-hostile-"));
  writeFileSync(join(folder, "in.ndjson"), "{}\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function concord(answers: Answers, args: readonly string[], sitting: Sitting = {}) {
  const stub = await startDeskStub(answers);
  const inFolder = args.map((each) => each.replace("FOLDER", folder));
  return concordDlq(inFolder, { url: stub.url, ...sitting }).finally(stub.stop);
}

const CALLS: readonly (readonly [name: keyof typeof COMMANDS, ...args: string[]])[] = [
  ["list"],
  ["list", "--all"],
  ["show", "l-1"],
  ["show", "bytes"],
  ["groups"],
  ["state", "g-1", "open"],
  ["edit", "l-1", "--patch", "[]", "--because", "b"],
  ["edit", "--group", "g-1", "--patch", "[]", "--because", "b"],
  ["plan", "--group", "g-1"],
  ["replay", "--group", "g-1", "--name", "n", "--yes"],
  ["runs"],
  ["runs", "r-1", "--wait"],
  ["discard", "--group", EVIL, "--because", "b"],
  ["restore", "l-1"],
  ["export"],
  ["export", "--out", "FOLDER/out"],
  ["import", "FOLDER/in.ndjson"],
  ["fixtures", "--out", `FOLDER/fixtures${EVIL}`],
  ["watch"],
  ["watch", "--once"],
  ["audit"],
];

const NAMED = CALLS.map((call) => [call.map(printable).join(" "), call] as const);

/** Looks three times where a command waits, then presses Ctrl-C. */
const PATIENT: Sitting = { answer: "y", width: 80, onSleep: (count, interrupt) => count === 2 && interrupt() };

describe("what records say", () => {
  it("is said by each command in a test below", () => {
    expect(new Set(CALLS.map(([name]) => name))).toEqual(new Set(Object.keys(COMMANDS)));
  });

  it.each(NAMED)("reaches a terminal as mere text: %s", async (_, args) => {
    for (const isTty of [true, false]) {
      const { out, err, drawn, questions } = await concord(DESK, args, { ...PATIENT, isTty });
      // Where no terminal is, an export is bytes.
      const raw = args[0] === "export" && !isTty ? "" : out;
      const text = [raw, err, drawn, ...questions]
        .join("\n")
        .split(SGR)
        .filter((_, i) => i % 2 === 0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what draws anew begins with one
      const mere = text.join("").replace(/\u001b\[[HJK]|[\n\r]/g, "");
      expect(mere.match(FORBIDDEN)).toBeNull();
      expect(`${out}${err}`).not.toBe("");
    }
  });

  it.each(NAMED)("is JSON on a terminal, of mere text, and as it came elsewhere: %s", async (_, args) => {
    const piped = await concord(DESK, [...args, "--json"], { ...PATIENT, isTty: false });
    rmSync(join(folder, "out"), { force: true });
    for (const name of readdirSync(folder).filter((each) => each.startsWith("fixtures")))
      rmSync(join(folder, name), { recursive: true });
    const shown = await concord(DESK, [...args, "--json"], { ...PATIENT, isTty: true });
    expect(shown.out.replaceAll("\n", "").match(FORBIDDEN)).toBeNull();
    const parsed = (out: string) =>
      out
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    expect(parsed(shown.out)).toEqual(parsed(piped.out));
    if (args[0] === "export" && args.length === 1)
      expect(piped.out.split("\n").slice(0, EXPORTED.length)).toEqual(EXPORTED);
    else
      expect(piped.out).toBe(
        parsed(piped.out)
          .map((each) => JSON.stringify(each))
          .join("\n"),
      );
  });

  it.each<[string, Answers]>([
    ["a refusal", { "GET /export": () => refusal(409, EVIL, { issues: [{ path: EVIL, message: EVIL }] }) }],
    ["what breaks a command of ours", { "GET /export": () => ndjson(["\u009b2J\u202e no JSON"]) }],
  ])("is mere text in an error: %s", async (_, answers) => {
    const stub = await startDeskStub(answers);
    const args = ["--no-warnings", "cli/concord.ts", "dlq", "fixtures", "--out", join(folder, "none")];
    const child = spawn(process.execPath, args, { env: { ...process.env, CONCORD_URL: stub.url } });
    let err = "";
    child.stderr.on("data", (chunk) => (err += chunk));
    await new Promise((resolve) => child.on("close", resolve));
    await stub.stop();
    expect(err).not.toBe("");
    expect(err.replaceAll("\n", "").match(FORBIDDEN)).toBeNull();
  });
});
