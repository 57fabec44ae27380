import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { concordDlq, type Surroundings } from "../../../test/support/fake-terminal.ts";
import { type Answers, group, letter, ndjson, refusal, run, startOpsStub } from "../../../test/support/ops-stub.ts";
import { SGR } from "../../terminal/paint.ts";
import { printable } from "../../terminal/printable.ts";
import { DLQ } from "./index.ts";

/** One of each kind of character that moves the cursor, is invisible, or reverses a line. */
const HOSTILE = "\u001b[2J\u001b]0;t\u0007\u001b[8m\u007f\u009b2J\u2028\u202e\u061c\u200b\u200d\ufeff\u00ad\u{e0041}";
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

/** Members whose values the operations API chooses, and no record. */
const TRUSTED = /^(state|role|payloadEncoding|keyEncoding|encoding|hash|nextCursor|value|payload)$|At$|^at$/;

const withHostileText = <T>(value: T, name = ""): T => {
  if (typeof value === "string") return (TRUSTED.test(name) ? value : `${value}${HOSTILE}`) as T;
  if (Array.isArray(value)) return value.map((each) => withHostileText(each, name)) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withHostileText(each, key)])) as T;
};

const issue = { path: "data.name", code: "c", message: "m" };
const LETTER = withHostileText(
  letter({
    state: "discarded",
    discardReason: "d",
    discardedAt: letter().receivedAt,
    eventId: "e",
    runId: "r",
    traceparent: "t",
    headers: [["h", "v"]],
    edited: "not JSON",
    payload: JSON.stringify({ [HOSTILE]: HOSTILE }),
    revisions: [{ revision: 1, patch: [], actor: "a", reason: "r", at: letter().receivedAt }],
  }),
);
const BYTES = { ...LETTER, payload: `AA==${HOSTILE}`, payloadEncoding: "base64" };
const PAUSED = withHostileText(
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
const EXPORTED = [
  JSON.stringify(withHostileText({ id: "l", record: { topic: "t", key: "k", value: HOSTILE }, failure: {} })),
];
const page = (name: string, item: unknown) => () => ({ json: { [name]: [item], nextCursor: null } });

const OPS: Answers = {
  "GET /dead-letters": page("deadLetters", LETTER),
  "GET /dead-letters/l-1": () => ({ json: LETTER }),
  "GET /dead-letters/bytes": () => ({ json: BYTES }),
  "PATCH /dead-letters/l-1": () => ({ json: LETTER }),
  "POST /dead-letters/l-1/restore": () => ({ json: LETTER }),
  "GET /groups": page("groups", withHostileText(group({ note: "n" }))),
  "POST /groups/g-1/state": () => ({ json: withHostileText(group()) }),
  "POST /groups/g-1/edit": () => ({
    json: withHostileText({
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
  "POST /import": () => ({ json: { imported: 1, known: 0, refused: [withHostileText({ line: 1, message: "m" })] } }),
  "GET /audit": page("audit", withHostileText({ ...AUDIT, after: { x: "y" } })),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-hostile-"));
  writeFileSync(join(folder, "in.ndjson"), "{}\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function concord(answers: Answers, args: readonly string[], surroundings: Surroundings = {}) {
  const stub = await startOpsStub(answers);
  const inFolder = args.map((each) => each.replace("FOLDER", folder));
  return concordDlq(inFolder, { url: stub.url, ...surroundings }).finally(stub.stop);
}

const CALLS: readonly (readonly [name: keyof typeof DLQ.commands, ...args: string[]])[] = [
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
  ["discard", "--group", HOSTILE, "--because", "b"],
  ["restore", "l-1"],
  ["export"],
  ["export", "--out", "FOLDER/out"],
  ["import", "FOLDER/in.ndjson"],
  ["fixtures", "--out", `FOLDER/fixtures${HOSTILE}`],
  ["watch"],
  ["watch", "--once"],
  ["audit"],
];

const NAMED = CALLS.map((call) => [call.map(printable).join(" "), call] as const);

/** Answers yes, waits three times, then presses Ctrl-C. */
const OPERATOR: Surroundings = { answer: "y", width: 80, onSleep: (count, interrupt) => count === 2 && interrupt() };

describe("the text of records", () => {
  it("is printed by every command in the tests below", () => {
    expect(new Set(CALLS.map(([name]) => name))).toEqual(new Set(Object.keys(DLQ.commands)));
  });

  it.each(NAMED)("is safe on a terminal and in a file: %s", async (_, args) => {
    for (const isTty of [true, false]) {
      const { out, err, drawn, questions } = await concord(OPS, args, { ...OPERATOR, isTty });
      // An export into a file is unchanged bytes.
      const raw = args[0] === "export" && !isTty ? "" : out;
      const text = [raw, err, drawn, ...questions]
        .join("\n")
        .split(SGR)
        .filter((_, i) => i % 2 === 0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: redrawing begins with one
      const shownText = text.join("").replace(/\u001b\[[HJK]|[\n\r]/g, "");
      expect(shownText.match(FORBIDDEN)).toBeNull();
      expect(`${out}${err}`).not.toBe("");
    }
  });

  it.each(NAMED)("is safe as JSON on a terminal, and unchanged in a file: %s", async (_, args) => {
    const piped = await concord(OPS, [...args, "--json"], { ...OPERATOR, isTty: false });
    rmSync(join(folder, "out"), { force: true });
    for (const name of readdirSync(folder).filter((each) => each.startsWith("fixtures")))
      rmSync(join(folder, name), { recursive: true });
    const shown = await concord(OPS, [...args, "--json"], { ...OPERATOR, isTty: true });
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
    [
      "a refused request",
      { "GET /export": () => refusal(409, HOSTILE, { issues: [{ path: HOSTILE, message: HOSTILE }] }) },
    ],
    ["a bug of ours", { "GET /export": () => ndjson(["\u009b2J\u202e no JSON"]) }],
  ])("is safe in the error of %s", async (_, answers) => {
    const stub = await startOpsStub(answers);
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
