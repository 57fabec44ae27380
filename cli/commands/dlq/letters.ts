import type { Letter, LetterDetail } from "../../../src/shared/desk/api.ts";
import { agoOf, columnsOf } from "../../desk/columns.ts";
import { deskCommand, FILTER, filterOf, SELECTION, selectionOf } from "../../desk/command.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";

export const list = deskCommand({
  name: "list",
  description: "Letters, newest failure first",
  options: {
    ...FILTER,
    first: { type: "string", description: "How many, 1 to 100 (25)" },
    all: { type: "boolean", description: "All there are, page by page; with --json a line each" },
  },
  run: async ({ client, print, isJson, width, nowMs }, { first, all, ...filter }) => {
    if (all && isJson) {
      let found = 0;
      for await (const page of client.pages<Letter>("/dead-letters", "deadLetters", filterOf(filter))) {
        found += page.length;
        for (const letter of page) console.log(JSON.stringify(letter));
      }
      if (found === 0) throw nothing();
      return;
    }
    const query = { ...filterOf(filter), first };
    const answer = all
      ? {
          deadLetters: await everyPage(client.pages<Letter>("/dead-letters", "deadLetters", filterOf(filter))),
          nextCursor: null,
        }
      : await client.get<{ deadLetters: Letter[]; nextCursor: string | null }>("/dead-letters", query);
    const { deadLetters, nextCursor } = answer;
    print(answer, () => [
      ...columnsOf(
        deadLetters,
        [
          { title: "LETTER", of: ({ id }) => id, most: 36 },
          { title: "STATE", of: ({ state }) => state },
          { title: "FAILED", of: ({ lastFailedAt }) => agoOf(lastFailedAt, nowMs), align: "right" },
          { title: "×", of: ({ failures }) => failures, align: "right" },
          { title: "TOPIC", of: ({ topic }) => topic, most: 40 },
          { title: "DEVICE", of: ({ deviceKey }) => deviceKey ?? "–", most: 28 },
          { title: "WHY", of: ({ reason, message }) => `${reason}: ${message}` },
        ],
        width,
      ),
      ...(nextCursor ? ["… and more: narrow it down, or say --all"] : []),
    ]);
    if (deadLetters.length === 0) throw nothing();
  },
});

const nothing = () => new ExitError(EXIT.nothing, "no dead letter is like that");

async function everyPage<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

export const show = deskCommand({
  name: "show",
  description: "One letter with all that is known of it; what is personal is masked",
  positional: { name: "id", description: "The letter's id" },
  options: { unmask: { type: "string", description: "Shows what is masked, to an admin; say why, for the audit log" } },
  run: async ({ client, print, nowMs, width }, { unmask }, id) => {
    const letter = await client.get<LetterDetail>(`/dead-letters/${encodeURIComponent(id)}`, { unmask });
    print(letter, () => describe(letter, nowMs, width));
  },
});

function describe(letter: LetterDetail, nowMs: number, width: number): string[] {
  const { payload, edited, revisions, audit } = letter;
  const facts: [string, string][] = [
    ["letter", `${letter.id} (${letter.state}${letter.masked ? ", masked" : ""})`],
    ["group", letter.group ?? "–"],
    ["topic", letter.topic],
    ["event", `${letter.eventId ?? "–"} of ${letter.deviceKey ?? "no device"}`],
    ["kafka", letter.partition === null ? "–" : `partition ${letter.partition}, offset ${letter.offset ?? "–"}`],
    ["failed", `${letter.failures} times, last ${agoOf(letter.lastFailedAt, nowMs)} (${letter.lastFailedAt})`],
    [
      "judged",
      `by contract version ${letter.contractVersion ?? "–"}, Worker ${letter.workerVersion}, at ${letter.stage}`,
    ],
    ["why", `${letter.reason}: ${letter.message}`],
    [
      "replays",
      letter.replays === 0
        ? "none"
        : `${letter.replays}, last ${agoOf(letter.replayedAt, nowMs)}${letter.outcome ? `, ended ${letter.outcome}` : ""}`,
    ],
    ...(letter.discardReason
      ? [["discarded", `${agoOf(letter.discardedAt, nowMs)}: ${letter.discardReason}`] as [string, string]]
      : []),
  ];
  const issues = letter.issues.map(({ path, message }) => `  ✗ ${path || "value"}: ${message}`);
  return [
    ...facts.map(([name, value]) => `${name.padEnd(10)}${value}`.slice(0, Math.max(width, 40))),
    "",
    "payload",
    ...(payload === null ? ["  none"] : pretty(payload, letter.payloadEncoding)),
    ...issues,
    ...(edited === null
      ? []
      : ["", `edited (revision ${letter.revision}), which a replay sends`, ...pretty(edited, "text")]),
    ...(revisions.length === 0 ? [] : ["", "edits"]),
    ...revisions.map(({ revision, actor, at, reason }) => `  ${revision}  ${agoOf(at, nowMs)} by ${actor}: ${reason}`),
    ...(audit.length === 0 ? [] : ["", "done to it"]),
    ...audit.map(
      ({ at, actor, action, reason }) =>
        `  ${agoOf(at, nowMs).padEnd(12)} ${action} by ${actor}${reason ? `: ${reason}` : ""}`,
    ),
  ];
}

/** For reading. The exact text is what `--json` and `export` give. */
function pretty(payload: string, encoding: "text" | "base64"): string[] {
  if (encoding === "base64") return [`  base64: ${payload}`];
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
      .split("\n")
      .map((line) => `  ${line}`);
  } catch {
    return [`  ${JSON.stringify(payload)}`];
  }
}

export const discard = deskCommand({
  name: "discard",
  description: "Throws letters away that wait; `dlq restore` takes it back for a day",
  options: {
    ...SELECTION,
    because: { type: "string", description: "Why, for the audit log" },
    yes: { type: "boolean", description: "Does it without asking" },
  },
  run: async ({ client, print }, { because, yes, ...given }) => {
    if (!because) throw new UsageError('say why: --because "test device"');
    if (!yes)
      throw new UsageError("this throws letters away; look at `dlq list` with the same options, then say --yes");
    const answer = await client.post<{ discarded: number }>("/discards", {
      selection: selectionOf(given),
      reason: because,
    });
    print(answer, () => [`${answer.discarded} discarded; each can be restored for 24 hours`]);
    if (answer.discarded === 0) throw new ExitError(EXIT.nothing, "none of them was waiting");
  },
});

export const restore = deskCommand({
  name: "restore",
  description: "Takes a discard back",
  positional: { name: "id", description: "The letter's id" },
  run: async ({ client, print }, _, id) => {
    const letter = await client.post<Letter>(`/dead-letters/${encodeURIComponent(id)}/restore`);
    print(letter, () => [`${letter.id} is ${letter.state}`]);
  },
});
