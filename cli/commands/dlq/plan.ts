import type { Run } from "#ops/api.ts";
import type { AnyInput } from "../../command/command.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { type OpsContext, opsCommand } from "../../ops/ops-command.ts";
import { SELECTION, selectionOf } from "../../ops/selection.ts";
import type { Column } from "../../terminal/table.ts";

export const FORCE = {
  force: { summary: "Also send letters that would fail again or have failed too often" },
} as const;

export const plan = opsCommand({
  options: { ...SELECTION, ...FORCE },
  examples: ["concord dlq plan --group 5a88", "concord dlq plan --reason schema_mismatch"],
  run: async (context, { force, ...given }) => {
    const run = await createPlan(context, given, force === true);
    context.print(run, () => [...planLines(context, run), `run ${run.id} can be started within an hour`]);
    if (run.progress.total === 0) throw nothingToSend();
  },
});

export const createPlan = ({ client }: OpsContext, given: AnyInput, force: boolean): Promise<Run> =>
  client.post<Run>("/plans", { selection: selectionOf(given), force });

export const nothingToSend = () => new ExitError(EXIT.nothing, "none of these letters would be sent");

type Row = readonly [result: string, letters: number, note: string];

const COLUMNS: readonly Column<Row>[] = [
  { title: "PLAN", value: ([result]) => result },
  { title: "LETTERS", value: ([, letters]) => letters, align: "right" },
  { title: "NOTE", value: ([, , note]) => note },
];

/** The plan as a table, with the letters that will not be sent, and why. */
export function planLines({ table }: Pick<OpsContext, "table">, { plan, progress }: Run): string[] {
  const rows: Row[] = [
    ["selected", plan.selected, ""],
    ["pass", plan.passes, "will be applied or unchanged"],
    ...(plan.upcast ?? []).map(
      ({ topic, from, to, count }): Row => ["converted", count, `${topic}: from version ${from} to ${to}`],
    ),
    ["superseded", plan.superseded, "a newer event was applied; resolved without a write"],
    ["duplicate", plan.duplicate, "the event was already applied; resolved without a write"],
    ...plan.stillFailing.map(({ signature, count }): Row => ["fail again", count, signature]),
    ...plan.refused.map(({ why, count }): Row => ["not sent", count, why]),
    ["too large", plan.tooLarge, "for a message of the queue"],
    ["will be sent", progress.total, ""],
  ];
  return table(
    rows.filter(([name, count]) => count > 0 || name === "selected" || name === "will be sent"),
    COLUMNS,
  );
}
