import type { FeedSink } from "#objects/requests.ts";
import { bookmarkOf, type StoredDevice } from "#repositories/stored-fleet.ts";
import { WatchRepository } from "#repositories/watch.ts";
import type { JobDeps, JobStep } from "../job-kind.ts";
import { Notes, type Subject } from "./notes.ts";
import { type RebuildState, withNextPhase } from "./state.ts";

/** Dealers of one step, of which each that has subscribers is a call of its feed. Ours. */
const PAGE = 200;

/**
 * Notes the dealers who see something else after a switch: before it, since the row says afterwards only who has the device
 * then. What was switched is no event, so nothing announces it but a gap, once at the end.
 * @param rightDealerId who has the device by the archive
 */
export function noteDealers(notes: Notes, { row }: StoredDevice, rightDealerId: string | null | undefined): void {
  noteAll(notes, [row?.columns.dealerId, row?.aspects.dealer?.value.dealerId, rightDealerId]);
}

/** Notes the dealer whose record is replaced. */
export function noteDealer(notes: Notes, { kind, key }: Subject): void {
  if (kind === "dealer") noteAll(notes, [key.slice(key.indexOf(":") + 1)]);
}

function noteAll(notes: Notes, dealerIds: readonly (string | null | undefined)[]): void {
  for (const dealerId of dealerIds) {
    if (dealerId != null) notes.put("announce", { kind: "dealer", key: dealerId }, dealerId);
  }
}

/** Has the subscribers of some dealers' feeds get a gap. One who subscribes later reads what is there then. */
export async function announceStep(state: RebuildState, deps: JobDeps): Promise<JobStep<RebuildState>> {
  const last = await announcePage(deps, state.cursor);
  return { state: last === null ? withNextPhase(state) : { ...state, cursor: last }, isDone: false };
}

/** The same at once for all that was switched so far, before a switch that cannot go on. */
export async function announceAll(deps: JobDeps): Promise<void> {
  let last = await announcePage(deps, null);
  while (last !== null) last = await announcePage(deps, last);
}

/** @returns the id of the last note of the page; `null` behind the last page */
async function announcePage(deps: JobDeps, after: string | null): Promise<string | null> {
  const page = new Notes(deps.storage).list<string>("announce", after, PAGE);
  const last = page.at(-1);
  if (!last) return null;
  const session = deps.db.withSession("first-primary");
  const dealers = page.map(({ value }) => ({ kind: "dealer" as const, dealerId: value }));
  const watched = await new WatchRepository(session).watchedAmong(dealers);
  const token = await bookmarkOf(deps.db);
  await Promise.all(
    watched.map(({ dealerId }) => (deps.objects.feeds.getByName(dealerId) as unknown as FeedSink).announceGap(token)),
  );
  return last.id;
}
