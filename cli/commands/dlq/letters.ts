import type { Letter } from "#ops/api.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { printList } from "../../ops/list.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { describeSelection, FILTER, filterOf, PAGING, SELECTION, selectionOf, sortOf } from "../../ops/selection.ts";
import { confirm, requireAnswer } from "../../terminal/confirm.ts";
import { counted } from "../../terminal/counted.ts";
import { toneOf } from "../../terminal/paint.ts";
import { formatAge, formatTime } from "../../terminal/times.ts";

export const list = opsCommand({
  options: { ...FILTER, ...sortOf("letters"), ...PAGING },
  examples: ["concord dlq list --group 5a88", "concord dlq list --reason schema_mismatch --all --json"],
  run: (context, { first, all, sort, ...filter }) =>
    printList<"deadLetters", Letter>(context, {
      path: "/dead-letters",
      name: "deadLetters",
      query: { ...filterOf(filter), sort },
      first,
      all,
      columns: [
        { title: "LETTER", value: ({ id }) => id, maxWidth: 36 },
        { title: "STATE", value: ({ state }) => state, tone: ({ state }) => toneOf(state) },
        { title: "LAST FAILED", value: ({ lastFailedAt }) => formatTime(lastFailedAt), dropOrder: 2 },
        {
          title: "AGE",
          value: ({ lastFailedAt }) => formatAge(lastFailedAt, context.nowMs),
          align: "right",
          tone: () => "faint",
        },
        { title: "FAILURES", value: ({ failures }) => failures, align: "right", dropOrder: 3 },
        { title: "TOPIC", value: ({ topic }) => topic, maxWidth: 40, minWidth: 12, dropOrder: 4 },
        { title: "DEVICE", value: ({ deviceKey }) => deviceKey ?? "–", maxWidth: 28, minWidth: 10, dropOrder: 1 },
        { title: "REASON", value: ({ reason, message }) => `${reason}: ${message}` },
      ],
      nothing: "no dead letters match",
    }),
});

export const discard = opsCommand({
  options: {
    ...SELECTION,
    because: { value: "text", summary: "Why you discard them, for the audit log" },
    yes: { summary: "Discard without asking" },
  },
  examples: ['concord dlq discard --device elt:T-1 --because "test device"'],
  run: async ({ client, print, terminal }, { because, yes, ...given }) => {
    if (!because) throw new UsageError('--because is required: --because "test device"');
    const selection = selectionOf(given);
    requireAnswer(terminal, yes, "`concord dlq list` and the same options");
    if (!yes && !(await confirm(terminal, `Discard the letters selected by ${describeSelection(given)}?`)))
      return terminal.note("no letter was discarded");
    const answer = await client.post<{ discarded: number }>("/discards", { selection, reason: because });
    print(answer, () => [
      `${counted(answer.discarded, "letter")} discarded. Each can be restored for 24 hours: concord dlq restore <id>`,
    ]);
    if (answer.discarded === 0) throw new ExitError(EXIT.nothing, "none of these letters was unresolved");
  },
});

export const restore = opsCommand({
  arguments: { id: { summary: "Id of the letter" } },
  examples: ["concord dlq restore 1037"],
  run: async ({ client, print }, { id }) => {
    const letter = await client.post<Letter>(`/dead-letters/${encodeURIComponent(id)}/restore`);
    print(letter, () => [`${letter.id} is ${letter.state}`]);
  },
});
