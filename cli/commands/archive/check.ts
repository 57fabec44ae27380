import type { ArchiveCheck, FileProblem } from "#ops/archive-files-api.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { Progress } from "../../terminal/progress.ts";

export const check = opsCommand({
  details:
    "Every day file is read whole. A day's manifest says which files count, and of each its bytes, its SHA-256 and its\n" +
    "records. A problem ends the command with 4.",
  options: { day: { value: "day", summary: "Only this day, in UTC: 2026-11-23" } },
  examples: ["concord archive check", "concord archive check --day 2026-11-23"],
  run: async ({ client, print, terminal, isJson }, { day }) => {
    const days = new Map<string, { parts: number; records: number; bytes: number }>();
    const problems: FileProblem[] = [];
    const progress = new Progress(isJson ? undefined : terminal.screen, terminal.now);
    let after: string | null = null;
    try {
      do {
        const page: ArchiveCheck = await client.get<ArchiveCheck>("/archive/check", { day, after: after ?? undefined });
        for (const { day: each, parts, records, bytes } of page.days) {
          const before = days.get(each) ?? { parts: 0, records: 0, bytes: 0 };
          days.set(each, {
            parts: before.parts + parts,
            records: before.records + records,
            bytes: before.bytes + bytes,
          });
        }
        problems.push(...page.problems);
        after = page.next;
        progress.show(days.size, null, "days");
      } while (after !== null);
    } finally {
      progress.end();
    }
    const result = { days: [...days].map(([each, counts]) => ({ day: each, ...counts })), problems };
    print(result, () => lines(result));
    if (problems.length === 0) return;
    throw new ExitError(EXIT.failures, `${problems.length} of the files are not as their manifests say.`);
  },
});

function lines({ days, problems }: Pick<ArchiveCheck, "days" | "problems">): string[] {
  const sum = (of: (day: ArchiveCheck["days"][number]) => number) =>
    days.reduce((total, day) => total + of(day), 0).toLocaleString("en");
  return [
    `${days.length} days: ${sum(({ records }) => records)} records in ${sum(({ parts }) => parts)} files, ${sum(({ bytes }) => bytes)} bytes`,
    ...problems.map(({ key, problem }) => `  ${key} ${problem}`),
  ];
}
