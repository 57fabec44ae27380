import * as z from "zod";
import { sha256Hex } from "#base/digest.ts";
import { MAX_AHEAD_MS } from "#contracts/parse.ts";
import { SOURCES } from "#domain/event.ts";
import { partyKeyOf } from "#domain/party.ts";
import { REDACTED } from "#domain/redacted.ts";
import { HOUR_MS, toMoment } from "#domain/time.ts";
import { ForgettingRepository } from "#repositories/forgetting.ts";
import { ForgettingMemory } from "../forgetting/memory.ts";
import { readRequest } from "../forgetting/notes.ts";
import { type ForgetRequest, type ForgettingState, NO_COUNTS, PHASES } from "../forgetting/state.ts";
import { stepOf } from "../forgetting/steps.ts";
import { every, type JobDeps, type JobKind, JobProblem, type JobSchedule } from "./job-kind.ts";

const Order = z.strictObject({
  sources: z.array(z.enum(SOURCES)).min(1),
  customerId: z.string().min(1).max(64),
  reason: z.string().trim().min(1).max(500),
  actor: z.string().min(1).max(200),
  /** How long it waits before it goes through the stores once more; for tests. */
  waitMs: z.int().min(0).optional(),
});

/** Without an order: what is noted and not redacted yet, such as devices that a consumer has found since. */
const Params = z.strictObject({ order: Order.optional() });

/** Takes a customer out of everything that is stored. Each step may be repeated. */
export const forgetting: JobKind<unknown, ForgettingState> = {
  begin: async (params, deps) => {
    const read = Params.safeParse(params);
    if (!read.success) throw new JobProblem(`Nothing was started: ${z.prettifyError(read.error)}.`);
    const pending = await new ForgettingRepository(deps.db).pending(1_000);
    ForgettingMemory.clearOthers(deps.storage, new Set(pending.map(({ requestId }) => requestId)));
    const { order } = read.data;
    const request = order ? await toRequest(order, deps.nowMs) : await nextPending(pending, deps);
    return {
      ...{ request, phase: request ? PHASES[0] : "certificate", pass: 1, at: null, scan: null },
      ...{ counts: NO_COUNTS, hasFoundMore: false, sharedAtMs: null, completedAtMs: null },
      waitMs: order?.waitMs ?? deps.consumersEndAfterMs,
    };
  },
  // Once it is noted, the schedule takes up what is not certified.
  isOrderOnlyHere: ({ request, phase, pass }) => request !== null && phase === "note" && pass === 1,
  step: async (state, deps) => (state.request ? stepOf(state, state.request, deps) : { state, isDone: true }),
  report: ({ request, phase, pass, counts, completedAtMs, sharedAtMs, waitMs }) => ({
    phase: request
      ? sentenceOf(phase, pass, (sharedAtMs ?? request.requestedAtMs) + waitMs)
      : "There was nothing to redact.",
    done: request && completedAtMs === null ? PHASES.indexOf(phase) : PHASES.length,
    total: PHASES.length,
    unit: "stages",
    figures: Object.fromEntries(Object.entries(counts).map(([name, count]) => [WORDS[name] ?? name, count])),
    details: request && {
      requestId: request.requestId,
      customers: request.customers,
      isCertified: completedAtMs !== null,
    },
  }),
};

/** Looks each hour whether consumers have found devices of somebody who was forgotten. */
export const forgettingSchedule: JobSchedule = { paramsIfDue: every(HOUR_MS) };

async function toRequest(
  { sources, customerId, reason, actor }: z.output<typeof Order>,
  nowMs: number,
): Promise<ForgetRequest> {
  const customers = [...new Set(sources)].map((source) => partyKeyOf(source, customerId));
  const hash = await sha256Hex(JSON.stringify([customers, nowMs]), 4);
  return {
    requestId: `${new Date(nowMs).toISOString().slice(0, 10)}-${hash}`,
    customers,
    reason: reason.replaceAll("\u0000", "") || REDACTED,
    actor,
    requestedAtMs: nowMs,
    untilMs: nowMs + MAX_AHEAD_MS,
  };
}

/** A request whose entries are not all redacted: it was canceled, or a consumer has found another device. */
async function nextPending(
  pending: readonly { readonly requestId: string }[],
  { bucket }: JobDeps,
): Promise<ForgetRequest | null> {
  for (const requestId of new Set(pending.map((entry) => entry.requestId))) {
    const request = await readRequest(bucket, requestId);
    if (request) return request;
  }
  return null;
}

const sentenceOf = (phase: ForgettingState["phase"], pass: 1 | 2, waitsUntilMs: number): string =>
  `${SENTENCES[phase]}${pass === 2 && phase !== "certificate" ? " once more" : ""}${phase === "wait" ? `: until ${toMoment(waitsUntilMs)}` : ""}.`;

const SENTENCES: Readonly<Record<ForgettingState["phase"], string>> = {
  note: "Notes who is forgotten",
  find: "Looks in the archive for the customer's devices",
  share: "Notes the devices",
  jobs: "Removes what a verification or a rebuild has noted",
  rows: "Redacts rows of the database",
  search: "Merges the search index, which keeps removed words until then",
  objects: "Redacts what the devices' objects hold",
  letters: "Looks through the dead letters",
  audit: "Looks through the audit log",
  words: "Looks through what operators wrote of letters and runs",
  raw: "Rewrites raw objects of the archive",
  days: "Rewrites day files of the archive",
  series: "Rewrites the series",
  folds: "Removes folds that verification has stored",
  wait: "Waits until no consumer can be at work that had looked before",
  certificate: "Writes the certificate",
};

const WORDS: Readonly<Record<string, string>> = {
  devices: "devices",
  databaseRows: "rows of the database",
  objects: "objects",
  historyEvents: "events of histories",
  lettersRedacted: "letters redacted",
  lettersEmptied: "letters emptied",
  auditEntries: "audit entries",
  operatorsWords: "other words of operators",
  jobNotes: "notes of verifications and rebuilds",
  rawObjects: "raw objects",
  rawRecords: "records in raw objects",
  dayFiles: "day files",
  dayRecords: "records in day files",
  seriesSegments: "segments of series",
  seriesLines: "lines of series",
  foldFiles: "files of stored folds",
};
