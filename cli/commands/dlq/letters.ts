import type { Letter } from "../../../src/shared/desk/api.ts";
import { deskCommand } from "../../desk/command.ts";
import { agreed, refuseUnasked } from "../../desk/confirm.ts";
import { printList } from "../../desk/list.ts";
import { toneOf } from "../../desk/paint.ts";
import { FILTER, filterOf, PAGING, SELECTION, selectionOf } from "../../desk/selection.ts";
import { agoOf, stampOf } from "../../desk/times.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";

export const list = deskCommand({
  name: "list",
  options: { ...FILTER, ...PAGING },
  run: (desk, { first, all, ...filter }) =>
    printList<"deadLetters", Letter>(desk, {
      path: "/dead-letters",
      name: "deadLetters",
      query: filterOf(filter),
      first,
      all,
      columns: [
        { title: "LETTER", of: ({ id }) => id, most: 36 },
        { title: "STATE", of: ({ state }) => state, tone: ({ state }) => toneOf(state) },
        { title: "FAILED", of: ({ lastFailedAt }) => stampOf(lastFailedAt), goes: 2 },
        {
          title: "AGO",
          of: ({ lastFailedAt }) => agoOf(lastFailedAt, desk.nowMs),
          align: "right",
          tone: () => "faint",
        },
        { title: "×", of: ({ failures }) => failures, align: "right", goes: 3 },
        { title: "TOPIC", of: ({ topic }) => topic, most: 40, least: 12, goes: 4 },
        { title: "DEVICE", of: ({ deviceKey }) => deviceKey ?? "–", most: 28, least: 10, goes: 1 },
        { title: "WHY", of: ({ reason, message }) => `${reason}: ${message}` },
      ],
      nothing: "no dead letters match",
    }),
});

export const discard = deskCommand({
  name: "discard",
  options: {
    ...SELECTION,
    because: { type: "string", description: "Why, for the audit log" },
    yes: { type: "boolean", description: "Does it without asking" },
  },
  run: async ({ client, print, terminal }, { because, yes, ...given }) => {
    if (!because) throw new UsageError('say why: --because "test device"');
    const selection = selectionOf(given);
    refuseUnasked(terminal, yes, "`dlq list` with the same options");
    if (!yes && !(await agreed(terminal, `Discard ${Object.values(selection).map((each) => JSON.stringify(each))}?`)))
      return terminal.note("nothing was discarded");
    const answer = await client.post<{ discarded: number }>("/discards", { selection, reason: because });
    print(answer, () => [`${answer.discarded} discarded; each can be restored for 24 hours`]);
    if (answer.discarded === 0) throw new ExitError(EXIT.nothing, "none of them was waiting");
  },
});

export const restore = deskCommand({
  name: "restore",
  positionals: [{ name: "id", description: "The letter's id" }],
  run: async ({ client, print }, _, id = "") => {
    const letter = await client.post<Letter>(`/dead-letters/${encodeURIComponent(id)}/restore`);
    print(letter, () => [`${letter.id} is ${letter.state}`]);
  },
});
