import type { Scope } from "#auth/scope.ts";
import type { Fleet } from "#domain/fleet.ts";
import type { Registers } from "#domain/party.ts";
import { type Answer, type Call, consistencyOf } from "#services/call.ts";
import type { MemoryFleet } from "./memory-fleet.ts";

/** What the fakes answer from. */
export type FakeStores = {
  readonly fleet: MemoryFleet;
  readonly registers: Registers;
  /** Milliseconds since 1970 UTC: the time of commands. */
  readonly now: () => number;
  readonly newEventId: () => string;
};

/** One call: its scope, and the fleet as this call sees it. */
export type Reading = FakeStores & {
  readonly scope: Scope;
  readonly subject: string | null;
  /** As fresh as the call asks for. */
  readonly seen: Fleet;
  /** As it is on the primary. The answer's token is then of that. */
  readonly newest: () => Fleet;
};

/** @throws RangeError for a consistency that is none */
export function answer<T>(stores: FakeStores, call: Call, read: (reading: Reading) => T): Answer<T> {
  const state = stores.fleet.read(consistencyOf(call));
  let hasReadPrimary = false;
  const newest = () => {
    hasReadPrimary = true;
    return stores.fleet.read({ kind: "strong" }).fleet;
  };
  const value = read({ ...stores, scope: call.scope, subject: call.subject ?? null, seen: state.fleet, newest });
  return { value, consistencyToken: hasReadPrimary ? stores.fleet.read({ kind: "strong" }).token : state.token };
}
