import type { Difference } from "#archive/compare/difference.ts";
import { compareParty, type LiveParty } from "#archive/compare/party.ts";
import type { Customer, Dealer } from "#domain/change.ts";
import { customerTombstone, forgottenCustomer } from "#domain/forgotten.ts";
import type { PartyKey } from "#domain/party.ts";
import { canonicalText, type Register } from "#domain/register.ts";
import type { Moment } from "#domain/time.ts";
import { LiveState, type PartyKind } from "../../repositories/live-state.ts";
import type { JobDeps } from "../job-kind.ts";
import { isFromBefore, isSettled } from "./devices.ts";
import { Findings } from "./found.ts";
import { isWhole } from "./range.ts";
import type { Shelves } from "./shelves.ts";
import { add, type OpenParty, type PartyFold, type VerificationState } from "./state.ts";

const PARTIES_A_STEP = 200;
const KINDS: readonly PartyKind[] = ["dealer", "customer"];
const NO_FOLD: PartyFold = { register: null, uncertain: [] };

/**
 * Compares a page of the fold's dealers and customers. Their events come from devices of all buckets, so that in a run over
 * some of the buckets a stored record may be newer than the fold.
 */
export async function compareParties(state: VerificationState, deps: JobDeps, shelves: Shelves) {
  const page = await shelves.parties.page(state.cursor, PARTIES_A_STEP);
  const after = await compareWithLive(state, deps, shelves, new Map(page));
  const last = page.at(-1)?.[0];
  if (page.length === PARTIES_A_STEP) return { ...after, cursor: last as string };
  return { ...after, phase: isWhole(state) ? ("strangers" as const) : ("counts" as const), cursor: null };
}

/** Compares dealers and customers that D1 has and the fold of the whole archive does not. */
export async function compareStrangers(state: VerificationState, deps: JobDeps, shelves: Shelves) {
  const [kind, id, source] = (JSON.parse(state.cursor ?? '["dealer","",""]') as [PartyKind, string, string]) ?? [];
  const live = new LiveState(deps.db);
  const rows = await live.partyKeysAfter(kind, [id, source], PARTIES_A_STEP);
  const names = rows.filter((row) => row.source !== "").map((row) => `${kind} ${row.source}:${row.id}`);
  const known = await shelves.parties.get(names);
  const unknown = new Map(names.filter((name) => !known.has(name)).map((name) => [name, NO_FOLD]));
  const read = { ...state, figures: add(state.figures, { rowsRead: live.rowsRead }) };
  const after = await compareWithLive(read, deps, shelves, unknown);
  const last = rows.at(-1);
  if (last && rows.length === PARTIES_A_STEP) return { ...after, cursor: JSON.stringify([kind, last.id, last.source]) };
  return kind === "dealer"
    ? { ...after, cursor: JSON.stringify(["customer", "", ""]) }
    : { ...after, phase: "counts" as const, cursor: null };
}

async function compareWithLive(
  state: VerificationState,
  deps: JobDeps,
  shelves: Shelves,
  folds: ReadonlyMap<string, PartyFold>,
): Promise<VerificationState> {
  const live = new LiveState(deps.db);
  const findings = new Findings(state);
  const open = new Map<string, OpenParty>();
  const { startedAtMs } = state;
  const doubted: string[] = [];
  for (const kind of KINDS) {
    const ofKind = [...folds].filter(([name]) => name.startsWith(`${kind} `));
    const stored = await live.readParties(
      kind,
      ofKind.map(([name]) => keyOf(name)),
    );
    const forgotten = await live.readForgotten(
      kind === "customer" ? ofKind.map(([name]) => forgottenCustomer(keyOf(name))) : [],
    );
    for (const [name, archived] of ofKind) {
      const forgottenState = forgotten.get(forgottenCustomer(keyOf(name)));
      if (!isSettled(forgottenState, startedAtMs)) continue;
      const fold = forgottenState ? { ...archived, register: tombstoneOf(keyOf(name)) } : archived;
      const party = stored.get(keyOf(name)) ?? null;
      const differences = differencesOf(name, party, fold, state.archivedSince);
      await findings.addOthers(differences.filter(({ isAbove }) => !isAbove));
      if (differences.some((each) => !each.isAbove)) doubted.push(name);
      const isAbove = differences.some((each) => each.isAbove);
      if (isAbove && party && isWhole(state)) open.set(name, { live: party, isExplained: false });
    }
  }
  await shelves.openParties.put(open);
  // A step that died before may have found others open.
  await shelves.openParties.delete([...folds.keys()].filter((name) => !open.has(name)));
  const found = await findings.save(shelves);
  const read = { parties: folds.size, rowsRead: live.rowsRead, open: open.size };
  return { ...withDoubts(found, doubted), figures: add(found.figures, read) };
}

/** Dealers and customers that are remembered by name. Ours. */
const MAX_DOUBTED = 1_000;

/** A name, or `"all"` for one that no bucket says anything of: any of them may lack it. */
export function withDoubts(state: VerificationState, more: readonly string[]): VerificationState {
  const doubted = [...new Set([...state.doubted, ...more])];
  return { ...state, doubted: doubted.length > MAX_DOUBTED ? ["all"] : doubted };
}

/** Whether anything that differs is said there. */
export const isDoubted = ({ doubted }: VerificationState, names: readonly string[]): boolean =>
  doubted.includes("all") || names.some((name) => doubted.includes(name));

/** It wins over every event. */
const tombstoneOf = (key: PartyKey): Register<Customer> => customerTombstone(key.slice(key.indexOf(":") + 1));

const keyOf = (name: string): PartyKey => name.slice(name.indexOf(" ") + 1) as PartyKey;

/** What differs, except for a value that a dead letter explains, or that may be from before the archive. */
export function differencesOf(
  name: string,
  party: LiveParty | null,
  { register, uncertain }: PartyFold,
  archivedSince: Moment | null,
): Difference[] {
  const kind = name.slice(0, name.indexOf(" ")) as PartyKind;
  const differences = compareParty(kind, keyOf(name), party, register as Register<Dealer | Customer> | null);
  const isExplained =
    party !== null && (isFromBefore(party.version, archivedSince) || uncertain.some((each) => isSame(each, party)));
  return differences.filter(({ isAbove }) => !(isAbove && isExplained));
}

export const isSame = (a: Register<unknown>, b: Register<unknown>): boolean =>
  a.version === b.version && canonicalText(a.value) === canonicalText(b.value);
