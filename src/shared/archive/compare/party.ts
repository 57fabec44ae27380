import type { Customer, Dealer } from "#domain/change.ts";
import type { PartyKey } from "#domain/party.ts";
import { compareRegisters, type Register } from "#domain/register.ts";
import { compareVersions } from "#domain/version.ts";
import type { Cause, Difference } from "./difference.ts";
import { differingFields } from "./fields.ts";

/** A source's record of a dealer or a customer as it is stored. */
export type LiveParty = Register<Dealer | Customer> & {
  /** The column by which records are sorted. */
  readonly name: string;
};

/**
 * What differs between a record of a dealer or a customer as it is stored and the fold of the archived events.
 * @param live `null` if there is none
 * @param fold `null` if the archive has none
 */
export function compareParty(
  place: "dealer" | "customer",
  subject: PartyKey,
  live: LiveParty | null,
  fold: Register<Dealer | Customer> | null,
): Difference[] {
  // The tombstone of a customer who was forgotten is above every event, and no event says so.
  const isForgotten = live !== null && "isForgotten" in live.value && live.value.isForgotten === true;
  const order = !live ? -1 : fold ? compareRegisters(live, fold) : 1;
  const common = { place, subject, liveVersion: live?.version ?? null, archivedVersion: fold?.version ?? null };
  const ofValue = order === 0 || (!live && !fold) || isForgotten ? [] : fieldsOf(live, fold);
  const cause = causeOf(live, fold);
  const column =
    live && live.name !== live.value.name ? [{ path: "name", live: live.name, archived: live.value.name }] : [];
  return [
    ...ofValue.map((field): Difference => ({ ...common, part: "value", cause, isAbove: order > 0, ...field })),
    ...column.map((field): Difference => ({ ...common, part: "name", cause: "derived", isAbove: false, ...field })),
  ];
}

function fieldsOf(live: LiveParty | null, fold: Register<unknown> | null) {
  if (!live || !fold) return [{ path: "*", live: live?.value ?? null, archived: fold?.value ?? null }];
  const fields = differingFields("value", live.value, fold.value);
  return fields.length > 0 ? fields : [{ path: "version", live: live.version, archived: fold.version }];
}

function causeOf(live: LiveParty | null, fold: Register<unknown> | null): Cause {
  if (!live) return "missing";
  if (!fold) return "notArchived";
  const age = compareVersions(live.version, fold.version);
  return age === 0 ? "sameVersion" : age < 0 ? "older" : "newer";
}
