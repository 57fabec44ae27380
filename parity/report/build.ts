import { fieldNames, WHOLE } from "../plan/plan.ts";
import type { Difference } from "../run/difference.ts";
import { isNoisy } from "../run/noise.ts";
import type { Ending, Run } from "../run/run.ts";
import { fullName } from "../settings/ignore.ts";
import type { Parity } from "../settings/load.ts";
import type { Example, FieldReport, Report } from "./schema.ts";

const [MAX_EXAMPLES, MAX_DIFFERENCES, MAX_IDS, MAX_IDS_OF_ERROR] = [8, 20_000, 100, 20];

type Circumstances = {
  readonly file: string;
  readonly ending: Ending;
  readonly untilCleanMs: number | undefined;
  readonly nowMs: number;
};

/** Everything that a run has found. */
export function buildReport(parity: Parity, run: Run, circumstances: Circumstances): Report {
  const { ledger } = run;
  const { file, ending, untilCleanMs, nowMs } = circumstances;
  const { settings, sides, documents } = parity;
  const state = run.state();
  const open = ledger.open();
  const fields = fieldReports(parity, run, open);
  const sum = (count: (field: FieldReport) => number) => fields.reduce((total, each) => total + count(each), 0);
  const differences = ledger.differences();
  const totals = {
    compared: sum(({ compared }) => compared),
    match: sum(({ matched }) => matched),
    mismatch: sum(({ mismatch }) => mismatch),
    missingOld: sum(({ missingOld }) => missingOld),
    missingNew: sum(({ missingNew }) => missingNew),
    error: sum(({ error }) => error),
    lagging: sum(({ lagging }) => lagging),
    moved: sum(({ moved }) => moved),
    noise: differences.filter((each) => each.state === "noise").length,
    ignored: differences.filter((each) => each.state === "ignored").length,
  };
  const all = documents.reduce((total, { items }) => total + (state.items[items]?.length ?? 0), 0);
  const done = Object.values(state.done).reduce((total, each) => total + each.length, 0);
  const compared = state.round > 1 && done === 0 ? all : done;
  const differ = new Set(open.map(({ document, id }) => `${document}\u0000${id}`)).size;
  return {
    format: "concord.parity/1",
    verdict: verdictOf(totals, ending),
    ending,
    startedAt: timeText(state.startedMs),
    endedAt: timeText(nowMs),
    old: { url: sides.old.url.href, requests: state.requests.old },
    new: { url: sides.new.url.href, requests: state.requests.new },
    repeatedRequests: state.requests.again,
    settings: {
      file,
      seed: settings.seed,
      round: untilCleanMs === undefined || done > 0 ? state.round : state.round - 1,
    },
    items: { all, compared, same: Math.max(0, compared - differ), differ },
    totals,
    clean: untilCleanMs === undefined ? null : cleanReport(run, untilCleanMs),
    fields,
    differences: open
      .filter(({ kind }) => kind !== "error")
      .slice(0, MAX_DIFFERENCES)
      .map(exampleOf),
    ids: worstIds(open),
    ignored: settings.ignore.map(({ field, ids, reason, until }, i) => {
      const own = differences.filter(({ state: is, rule }) => is === "ignored" && rule === i);
      return {
        field,
        ...(ids && { ids }),
        reason,
        until,
        differences: own.length,
        examples: examplesOf(own.filter(({ kind }) => kind !== "error")),
      };
    }),
    noise: noiseReports(run, differences),
    errors: errorReports(open),
    settled: ledger
      .closed()
      .filter(({ state: is }) => is === "lagging" || is === "moved" || is === "answered")
      .slice(-50)
      .map((each) => ({ ...exampleOf(each), state: each.state as "lagging" | "moved" | "answered" })),
    notCompared: documents.flatMap(({ name, plan }) =>
      (["old", "new"] as const).flatMap((side) =>
        plan.notCompared[side].length > 0 ? { document: name, side, fields: [...plan.notCompared[side]] } : [],
      ),
    ),
  };
}

function verdictOf(totals: Report["totals"], ending: Ending): Report["verdict"] {
  if (totals.mismatch + totals.missingOld + totals.missingNew > 0) return "differences";
  if (ending === "stopped" || ending === "time is up") return "unfinished";
  return totals.error > 0 ? "errors" : "clean";
}

/** Fields in which most differs first; equals as the settings have them. */
function fieldReports({ documents }: Parity, { ledger }: Run, open: readonly Difference[]): FieldReport[] {
  const byField = Map.groupBy(open, ({ document, field }) => fullName(document, field));
  const tallies = new Map(ledger.tallies().map((each) => [fullName(each.document, each.field), each]));
  const reports = documents.flatMap(({ name, plan }) =>
    [WHOLE, ...fieldNames(plan.fields)].map((field): FieldReport => {
      const own = byField.get(fullName(name, field)) ?? [];
      const tally = tallies.get(fullName(name, field));
      const count = (kind: Difference["kind"]) => own.filter((each) => each.kind === kind).length;
      const differing = own.filter(({ kind }) => kind !== "error");
      return {
        document: name,
        field: fullName(name, field),
        compared: tally?.compared ?? 0,
        matched: tally?.matched ?? 0,
        mismatch: count("mismatch"),
        missingOld: count("missing_old"),
        missingNew: count("missing_new"),
        error: count("error"),
        lagging: tally?.lagging ?? 0,
        moved: tally?.moved ?? 0,
        items: new Set(differing.map(({ id }) => id)).size,
        likenesses: likenessesOf(differing),
        examples: examplesOf(differing),
      };
    }),
  );
  return reports.sort((a, b) => differencesIn(b) - differencesIn(a));
}

export const differencesIn = ({ mismatch, missingOld, missingNew }: FieldReport): number =>
  mismatch + missingOld + missingNew;

function likenessesOf(differences: readonly Difference[]): FieldReport["likenesses"] {
  const groups = Map.groupBy(differences, ({ likeness }) => likeness);
  return [...groups]
    .flatMap(([words, each]) => (words === undefined ? [] : { words, count: each.length }))
    .sort((a, b) => b.count - a.count);
}

/** A few of many: of each likeness some, so that the rare one is seen too. */
function examplesOf(differences: readonly Difference[]): Example[] {
  const groups = [...Map.groupBy(differences, ({ kind, likeness }) => `${kind}/${likeness}`).values()];
  const turns = Array.from({ length: MAX_EXAMPLES }, (_, turn) => groups.flatMap((group) => group[turn] ?? []));
  return turns.flat().slice(0, MAX_EXAMPLES).map(exampleOf);
}

function exampleOf(difference: Difference): Example {
  const { document, id, field, at, kind, likeness, message, firstSeenMs, lastSeenMs } = difference;
  return {
    ...{ document, id, field: fullName(document, field), at, kind },
    old: difference.old.text,
    new: difference.new.text,
    ...(likeness !== undefined && { likeness }),
    ...(message !== undefined && { message }),
    firstSeen: timeText(firstSeenMs),
    lastSeen: timeText(lastSeenMs),
  };
}

function worstIds(open: readonly Difference[]): Report["ids"] {
  const differing = open.filter(({ kind }) => kind !== "error");
  return [...Map.groupBy(differing, ({ document, id }) => `${document}\u0000${id}`).values()]
    .map((own) => ({
      document: own[0]?.document ?? "",
      id: own[0]?.id ?? "",
      differences: own.length,
      fields: [...new Set(own.map(({ document, field }) => fullName(document, field)))],
    }))
    .sort((a, b) => b.differences - a.differences || (a.id < b.id ? -1 : 1))
    .slice(0, MAX_IDS);
}

function noiseReports({ control }: Run, differences: readonly Difference[]): Report["noise"] {
  const noise = differences.filter(({ state }) => state === "noise");
  const byField = Map.groupBy(noise, ({ document, field }) => fullName(document, field));
  const found = control.all().filter(({ differed }) => differed > 0);
  const others = [...byField.values()].flatMap(([first]) =>
    first && !found.some(({ document, field }) => document === first.document && field === first.field)
      ? (control.all().find((each) => each.document === first.document && each.field === first.field) ?? {
          ...{ document: first.document, field: first.field },
          ...{ compared: 0, differed: 0 },
        })
      : [],
  );
  return [...found, ...others].map((tally) => {
    const { document, field, compared, differed } = tally;
    const own = byField.get(fullName(document, field)) ?? [];
    return {
      ...{ document, field: fullName(document, field), compared, differed },
      isLeftOut: isNoisy(tally),
      differences: own.length,
      examples: examplesOf(own),
    };
  });
}

function errorReports(open: readonly Difference[]): Report["errors"] {
  const errors = open.filter(({ kind }) => kind === "error");
  return [...Map.groupBy(errors, ({ document, message }) => `${document}\u0000${message}`).values()]
    .map((own) => ({
      document: own[0]?.document ?? "",
      message: own[0]?.message ?? "",
      count: own.length,
      ids: [...new Set(own.map(({ id }) => id))].slice(0, MAX_IDS_OF_ERROR),
    }))
    .sort((a, b) => b.count - a.count);
}

function cleanReport(run: Run, neededMs: number): Report["clean"] {
  const window = run.cleanWindow();
  if (!window) return { from: null, to: null, forMs: 0, neededMs };
  const { fromMs, toMs } = window;
  return { from: timeText(fromMs), to: timeText(toMs), forMs: toMs - fromMs, neededMs };
}

const timeText = (ms: number): string => new Date(ms).toISOString();
