import type { LetterDetail } from "#ops/api.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { type Paint, toneOf } from "../../terminal/paint.ts";
import { printable, printableJson, truncate } from "../../terminal/printable.ts";
import { formatAge, formatTimeAndAge } from "../../terminal/times.ts";

export const show = opsCommand({
  arguments: { id: { summary: "Id of the letter" } },
  options: { unmask: { value: "text", summary: "Why you need the masked values, for the audit log (admin)" } },
  examples: ["concord dlq show 1037", 'concord dlq show 1037 --unmask "ticket 9"'],
  run: async ({ client, print, nowMs, terminal }, { id, unmask }) => {
    const letter = await client.get<LetterDetail>(`/dead-letters/${encodeURIComponent(id)}`, { unmask });
    print(letter, () => describe(letter, nowMs, terminal));
  },
});

type Style = { readonly width: number; readonly paint: Paint };

function describe(letter: LetterDetail, nowMs: number, { width, paint }: Style): string[] {
  const { payload, edited, revisions, audit, upcast } = letter;
  const cut = (line: string) => truncate(printable(line), Math.max(width, 40));
  const facts = factsOf(letter, nowMs).map(([name, value]) => cut(`${name.padEnd(10)}${value}`));
  const [first = "", ...others] = facts;
  return [
    paint(toneOf(letter.state), first),
    ...others,
    "",
    paint("title", "payload"),
    ...(payload === null ? ["  none"] : formatPayload(payload, letter.payloadEncoding)),
    ...letter.issues.map(({ path, message }) => paint("bad", cut(`  ✗ ${path || "value"}: ${message}`))),
    ...(edited === null
      ? []
      : [
          "",
          paint("title", `edited payload, which a replay sends (revision ${letter.revision})`),
          ...formatPayload(edited, "text"),
        ]),
    ...(upcast === null
      ? []
      : [
          "",
          paint("title", `data that a replay applies, converted from version ${upcast.from} to ${upcast.to}`),
          ...formatPayload(upcast.data, "text"),
        ]),
    ...(revisions.length === 0 ? [] : ["", paint("title", "edits")]),
    ...revisions.map(({ revision, actor, at, reason }) =>
      cut(`  ${revision}  ${formatTimeAndAge(at, nowMs)} by ${actor}: ${reason}`),
    ),
    ...(audit.length === 0 ? [] : ["", paint("title", "audit log")]),
    ...audit.map(({ at, actor, action, reason }) =>
      cut(`  ${formatTimeAndAge(at, nowMs)}  ${action} by ${actor}${reason ? `: ${reason}` : ""}`),
    ),
  ];
}

function factsOf(letter: LetterDetail, nowMs: number): [name: string, value: string][] {
  const { replays, outcome, replayedAt, discardReason } = letter;
  const replayed = `${replays}, last ${formatTimeAndAge(replayedAt, nowMs)}${outcome ? `, ended ${outcome}` : ""}`;
  return [
    ["letter", `${letter.id} (${letter.state}${letter.masked ? ", masked" : ""})`],
    ["group", letter.group ?? "–"],
    ["topic", letter.topic],
    ["event", `${letter.eventId ?? "–"} of ${letter.deviceKey ?? "no device"}`],
    ["kafka", letter.partition === null ? "–" : `partition ${letter.partition}, offset ${letter.offset ?? "–"}`],
    ["key", letter.key === null ? "–" : letter.keyEncoding === "base64" ? `base64: ${letter.key}` : letter.key],
    ...letter.headers.map(([name, value]): [string, string] => ["header", `${name}: ${value}`]),
    ["received", formatTimeAndAge(letter.receivedAt, nowMs)],
    ["failed", `${letter.failures} times, last ${formatTimeAndAge(letter.lastFailedAt, nowMs)}`],
    [
      "checked",
      `as version ${letter.recordVersion}, by contract version ${letter.contractVersion ?? "–"}, Worker ${letter.workerVersion}, at ${letter.stage}`,
    ],
    ["reason", `${letter.reason}: ${letter.message}`],
    ["replays", replays === 0 ? "none" : replayed],
    ...(letter.failsAgain ? [["replay", "would fail again"] as [string, string]] : []),
    ...(letter.runId ? [["run", letter.runId] as [string, string]] : []),
    ...(letter.traceparent ? [["trace", letter.traceparent] as [string, string]] : []),
    ...(discardReason
      ? [["discarded", `${formatAge(letter.discardedAt, nowMs)} ago: ${discardReason}`] as [string, string]]
      : []),
  ];
}

/** For reading, with escapes for unprintable characters. `--json` and `export` give the exact text. */
function formatPayload(payload: string, encoding: "text" | "base64"): string[] {
  if (encoding === "base64") return [`  base64: ${payload}`];
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
      .split("\n")
      .map((line) => printableJson(`  ${line}`));
  } catch {
    return [printableJson(`  ${JSON.stringify(payload)}`)];
  }
}
