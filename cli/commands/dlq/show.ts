import type { LetterDetail } from "../../../src/shared/desk/api.ts";
import { deskCommand } from "../../desk/command.ts";
import { type Paint, toneOf } from "../../desk/paint.ts";
import { cutTo, printable, printableJson } from "../../desk/printable.ts";
import { agoOf, whenOf } from "../../desk/times.ts";

export const show = deskCommand({
  name: "show",
  positionals: [{ name: "id", description: "The letter's id" }],
  options: { unmask: { type: "string", description: "Shows what is masked, to an admin; say why, for the audit log" } },
  run: async ({ client, print, nowMs, terminal }, { unmask }, id = "") => {
    const letter = await client.get<LetterDetail>(`/dead-letters/${encodeURIComponent(id)}`, { unmask });
    print(letter, () => describe(letter, nowMs, terminal));
  },
});

type Room = { readonly width: number; readonly paint: Paint };

function describe(letter: LetterDetail, nowMs: number, { width, paint }: Room): string[] {
  const { payload, edited, revisions, audit } = letter;
  const cut = (line: string) => cutTo(printable(line), Math.max(width, 40));
  const facts = factsOf(letter, nowMs).map(([name, value]) => cut(`${name.padEnd(10)}${value}`));
  const [first = "", ...others] = facts;
  return [
    paint[toneOf(letter.state)](first),
    ...others,
    "",
    paint.title("payload"),
    ...(payload === null ? ["  none"] : pretty(payload, letter.payloadEncoding)),
    ...letter.issues.map(({ path, message }) => paint.bad(cut(`  ✗ ${path || "value"}: ${message}`))),
    ...(edited === null
      ? []
      : ["", paint.title(`edited (revision ${letter.revision}), which a replay sends`), ...pretty(edited, "text")]),
    ...(revisions.length === 0 ? [] : ["", paint.title("edits")]),
    ...revisions.map(({ revision, actor, at, reason }) =>
      cut(`  ${revision}  ${whenOf(at, nowMs)} by ${actor}: ${reason}`),
    ),
    ...(audit.length === 0 ? [] : ["", paint.title("done to it")]),
    ...audit.map(({ at, actor, action, reason }) =>
      cut(`  ${whenOf(at, nowMs)}  ${action} by ${actor}${reason ? `: ${reason}` : ""}`),
    ),
  ];
}

function factsOf(letter: LetterDetail, nowMs: number): [name: string, value: string][] {
  const { replays, outcome, replayedAt, discardReason } = letter;
  const replayed = `${replays}, last ${whenOf(replayedAt, nowMs)}${outcome ? `, ended ${outcome}` : ""}`;
  return [
    ["letter", `${letter.id} (${letter.state}${letter.masked ? ", masked" : ""})`],
    ["group", letter.group ?? "–"],
    ["topic", letter.topic],
    ["event", `${letter.eventId ?? "–"} of ${letter.deviceKey ?? "no device"}`],
    ["kafka", letter.partition === null ? "–" : `partition ${letter.partition}, offset ${letter.offset ?? "–"}`],
    ["key", letter.key ?? "–"],
    ...letter.headers.map(([name, value]): [string, string] => ["header", `${name}: ${value}`]),
    ["received", whenOf(letter.receivedAt, nowMs)],
    ["failed", `${letter.failures} times, last ${whenOf(letter.lastFailedAt, nowMs)}`],
    [
      "judged",
      `by contract version ${letter.contractVersion ?? "–"}, Worker ${letter.workerVersion}, at ${letter.stage}`,
    ],
    ["why", `${letter.reason}: ${letter.message}`],
    ["replays", replays === 0 ? "none" : replayed],
    ...(letter.failsAgain ? [["replay", "would fail as before"] as [string, string]] : []),
    ...(letter.runId ? [["run", letter.runId] as [string, string]] : []),
    ...(letter.traceparent ? [["trace", letter.traceparent] as [string, string]] : []),
    ...(discardReason
      ? [["discarded", `${agoOf(letter.discardedAt, nowMs)}: ${discardReason}`] as [string, string]]
      : []),
  ];
}

/** For reading; what cannot be printed is an escape. The exact text is what `--json` and `export` give. */
function pretty(payload: string, encoding: "text" | "base64"): string[] {
  if (encoding === "base64") return [`  base64: ${payload}`];
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
      .split("\n")
      .map((line) => printableJson(`  ${line}`));
  } catch {
    return [printableJson(`  ${JSON.stringify(payload)}`)];
  }
}
