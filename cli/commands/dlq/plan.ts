import type { Run } from "../../../src/shared/desk/api.ts";
import type { Column } from "../../desk/columns.ts";
import { type Desk, deskCommand } from "../../desk/command.ts";
import { SELECTION, selectionOf } from "../../desk/selection.ts";
import { EXIT, ExitError } from "../../exit-error.ts";

export const FORCE = {
  force: { type: "boolean", description: "Also what would fail again, and what has failed too often" },
} as const;

export const plan = deskCommand({
  name: "plan",
  options: { ...SELECTION, ...FORCE },
  run: async (desk, { force, ...given }) => {
    const run = await planned(desk, given, force === true);
    desk.print(run, () => [...planLines(desk, run), `run ${run.id}, good for an hour`]);
    if (run.progress.total === 0) throw nothingToSend();
  },
});

export const planned = ({ client }: Desk, given: Readonly<Record<string, unknown>>, force: boolean): Promise<Run> =>
  client.post<Run>("/plans", { selection: selectionOf(given), force });

export const nothingToSend = () => new ExitError(EXIT.nothing, "nothing of that would be sent");

type Row = readonly [what: string, letters: number, why: string];

const COLUMNS: readonly Column<Row>[] = [
  { title: "PLAN", of: ([what]) => what },
  { title: "LETTERS", of: ([, letters]) => letters, align: "right" },
  { title: "WHY", of: ([, , why]) => why },
];

/** The plan as a table, with what will not be sent and why. */
export function planLines({ table }: Pick<Desk, "table">, { plan: planned, progress }: Run): string[] {
  const rows: Row[] = [
    ["selected", planned.selected, ""],
    ["pass", planned.passes, "and change or confirm what is known"],
    ["superseded", planned.superseded, "newer is known; they close without a write"],
    ["duplicate", planned.duplicate, "known already; they close without a write"],
    ...planned.stillFailing.map(({ signature, count }): Row => ["still fail", count, signature]),
    ...planned.refused.map(({ why, count }): Row => ["not sent", count, why]),
    ["too large", planned.tooLarge, "for a queue message"],
    ["will be sent", progress.total, ""],
  ];
  return table(
    rows.filter(([name, count]) => count > 0 || name === "selected" || name === "will be sent"),
    COLUMNS,
  );
}
