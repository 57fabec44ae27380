import type { JobStatus } from "#ops/archive-api.ts";
import type { Findings, RebuildDetails } from "#ops/rebuild-api.ts";
import { UsageError } from "../command/usage-error.ts";
import { EXIT, ExitError } from "../exit-error.ts";
import { followJob, requireDone } from "../ops/follow-job.ts";
import { opsCommand } from "../ops/ops-command.ts";
import { confirm, requireAnswer } from "../terminal/confirm.ts";
import { counted } from "../terminal/counted.ts";
import { jobLines } from "./archive/job-lines.ts";

/** Differences that are printed; all are counted, and `--json` has more of them. */
const SHOWN = 20;

export const rebuild = opsCommand({
  details:
    "Replays every event of the archive, by today's contracts, while events flow.\n" +
    "--into D1 replays into a second, empty database, and into a second value of each device's object. Readers see\n" +
    "nothing of either. --compare says what differs from the live state, and --switch replaces that in it.\n" +
    "--into live is for a database that was lost or restored: it replays into the live one.\n" +
    "Ctrl-C stops watching; the rebuild continues. `concord archive jobs rebuild --wait` watches it again, and `concord\n" +
    "archive pause rebuild`, `resume rebuild` and `cancel rebuild` do what they say.",
  options: {
    from: { value: "store", summary: "What to rebuild from: archive, the only one (default)", offer: ["archive"] },
    into: { value: "target", summary: "D1 or live (required)", offer: ["D1", "live"] },
    pace: { value: "count", summary: "Most records a second, 1 to 100000 (default 2000)" },
    compare: { summary: "Compare the rebuilt state with the live one, row by row and field by field" },
    switch: { summary: "Compare, and then replace what is wrong in the live state" },
    keep: {
      summary:
        "With --compare or --switch: leave the rebuilt rows in the second database, where they otherwise stay only without both",
    },
    follow: { summary: "Afterwards follow the archive until the job is canceled" },
    restart: { summary: "First remove what an earlier rebuild left in the second database" },
    clear: { summary: "Only remove what an earlier rebuild left, such as one that was canceled" },
    because: { value: "why", summary: "Why, for the audit log; required for --switch and --into live" },
    yes: { summary: "Start without asking" },
    detach: { summary: "Start it and return at once" },
  },
  exits: {
    1: "the platform cannot be reached, something failed, or there is no archive",
    4: "the live state differs from the archive at the end; or the rebuild failed, is paused or was canceled",
    5: "the token does not permit this",
    6: "it cannot begin as things are: another rebuild is not over, or the second database has rows of one",
  },
  examples: [
    "concord rebuild --from archive --into D1 --compare",
    'concord rebuild --into D1 --switch --because "alerts were not cleared before 1.9"',
    'concord rebuild --into live --because "the database was lost"',
  ],
  run: async (context, { from = "archive", into, pace, because, yes, detach, ...given }) => {
    const { client, terminal, print, isJson, nowMs } = context;
    if (from !== "archive") throw new UsageError(`--from can only be archive, not ${from}`);
    if (into !== "D1" && into !== "live") throw new UsageError("--into is required: D1 or live");
    const isComparing = given.compare === true || given.switch === true;
    if (into === "live" && (isComparing || given.keep || given.restart || given.clear)) {
      throw new UsageError(
        "--compare, --switch, --keep, --restart and --clear are for --into D1: --into live has no second database",
      );
    }
    const changesLive = into === "live" || given.switch === true;
    if (changesLive && !because?.trim())
      throw new UsageError('--because is required: --because "the database was lost"');
    const params = {
      into,
      compare: isComparing,
      switch: given.switch === true,
      keep: into === "D1" && (given.keep === true || !isComparing),
      follow: given.follow === true,
      restart: given.restart === true,
      ...(given.clear && { clear: true }),
      ...(pace !== undefined && { pace: paceOf(pace) }),
    };
    if (changesLive) {
      requireAnswer(terminal, yes, "`concord rebuild --into D1 --compare`");
      const question =
        into === "live" ? "Replay the archive into the live database?" : "Replace what differs in the live state?";
      if (!yes && !(await confirm(terminal, question))) return terminal.note("nothing was started");
    }
    const started = await client.post<JobStatus>("/archive/jobs/rebuild", {
      kind: "rebuild",
      params,
      ...(because && { reason: because }),
    });
    if (detach) return print(started, () => jobLines(started, nowMs));
    const ended = await followJob(context, started);
    if (!ended) return;
    print(ended, () => rebuildLines(ended, nowMs));
    requireDone(ended);
    if (!isJson || ended.report) requireEqual(ended);
  },
});

function paceOf(text: string): number {
  const pace = Number(text);
  if (/^\d+$/.test(text) && pace >= 1 && pace <= 100_000) return pace;
  throw new UsageError(`--pace has to be a whole number from 1 to 100000, not ${text}`);
}

const detailsIn = ({ report }: JobStatus): RebuildDetails | undefined => report?.details as RebuildDetails | undefined;

/** A rebuild in lines for people: how it went, and what differs. */
function rebuildLines(job: JobStatus, nowMs: number): string[] {
  const details = detailsIn(job);
  if (!details) return jobLines(job, nowMs);
  const { found, left, bookmark } = details;
  return [
    ...jobLines(job, nowMs),
    ...findingLines("found", found),
    ...(left ? findingLines("left after the switch", left) : []),
    ...(bookmark ? [`  before the switch, D1 was at the bookmark ${bookmark}`] : []),
  ];
}

function findingLines(what: string, { total, counts, first }: Findings): string[] {
  if (total === 0) return [];
  const shown = first.slice(0, SHOWN).map(({ text }) => `    ${text}`);
  const others = total - shown.length;
  return [
    `  ${counted(total, "difference")} ${what}: ${Object.entries(counts)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(", ")}`,
    ...shown,
    ...(others > 0 ? [`    and ${others} more`] : []),
  ];
}

/** @throws ExitError if the live state differs from the archive at the end */
function requireEqual(job: JobStatus): void {
  const details = detailsIn(job);
  const differing = (details?.left ?? details?.found)?.total ?? 0;
  if (differing === 0) return;
  const next = details?.left
    ? whatIsLeft(details.left).join(" ")
    : 'Nothing was changed. To replace what is wrong: concord rebuild --into D1 --switch --because "…"';
  throw new ExitError(
    EXIT.failures,
    `${counted(differing, "difference")} between the live state and the archive. ${next}`,
  );
}

/** Why a switch leaves something as it is, and what to do about it. */
function whatIsLeft({ total, counts }: Findings): string[] {
  const of = (cause: string) =>
    Object.entries(counts).reduce((sum, [kind, count]) => sum + (kind.endsWith(` ${cause}`) ? count : 0), 0);
  const [unknown, newer] = [of("notArchived"), of("newer")];
  const others = total - unknown - newer;
  const sentences = [
    unknown > 0 &&
      `Of no archived event: ${unknown}. A switch removes nothing, and what is from before the archive is in order.`,
    newer > 0 && `Newer than any archived event: ${newer}. The device's next newer event replaces them.`,
    unknown + newer > 0 && "To remove what no event has written: docs/operations.md, What a switch leaves.",
    others > 0 && `Wrong once more: ${others}. Find out what still writes them, and then switch again.`,
  ];
  return sentences.filter((sentence) => sentence !== false);
}
