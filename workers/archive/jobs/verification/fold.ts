import type { ArchivedRecord } from "#archive/record.ts";
import { type Device, joinDevices } from "#domain/device.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { EMPTY_FLEET, type Fleet, merge, toDelta } from "#domain/fleet.ts";
import { type Part, partsOf } from "#domain/parts.ts";
import { canonicalText, joinRegisters, type Register } from "#domain/register.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { forgottenIds, withoutForgotten } from "#repositories/forgotten.ts";
import type { LiveState } from "../../repositories/live-state.ts";
import type { Shelves } from "./shelves.ts";
import type { DeviceFold, PartyFold } from "./state.ts";

export type Read = {
  /** Of records that were merged. */
  readonly merged: readonly ConcordEvent[];
  /** Of dead letters: a store may have merged them before another one failed. */
  readonly uncertain: readonly ConcordEvent[];
  /** Merged records that today's contracts refuse. */
  readonly unreadable: number;
};

/** Records as today's contracts read them. */
export function readEvents(records: readonly ArchivedRecord[], only: DeviceKey | null): Read {
  const merged: ConcordEvent[] = [];
  const uncertain: ConcordEvent[] = [];
  let unreadable = 0;
  for (const record of records) {
    if (record.deviceKey === null || (only !== null && record.deviceKey !== only)) continue;
    const parsed = parseStamped(record, record.settledAtMs);
    if (parsed.ok) (record.outcome === "deadLettered" ? uncertain : merged).push(parsed.event);
    else if (record.outcome !== "deadLettered") unreadable += 1;
  }
  return { merged, uncertain, unreadable };
}

/**
 * The events as the consumer merges them now: those of somebody who was forgotten are redacted, also while the archive still
 * holds what is personal of them.
 */
export async function withoutPersonal(read: Read, live: LiveState): Promise<Read> {
  const { merged, uncertain } = read;
  const keys = await live.readForgotten(forgottenIds([...merged, ...uncertain]));
  if (keys.size === 0) return read;
  return {
    ...read,
    merged: withoutForgotten(merged, keys).events,
    uncertain: withoutForgotten(uncertain, keys).events,
  };
}

/** Joins events into the fold in storage. Doing it again changes nothing. */
export async function foldInto({ devices, parties }: Shelves, { merged, uncertain }: Read): Promise<void> {
  const delta = merge(EMPTY_FLEET, merged).fleet;
  const maybe = uncertain.map(toDelta);
  const ofDevices = new Map<string, DeviceFold>();
  for (const [key, device] of delta.devices) ofDevices.set(key, { device, uncertain: [] });
  for (const device of maybe.flatMap((each) => [...each.devices.values()])) {
    const known = ofDevices.get(device.key) ?? NO_DEVICE;
    ofDevices.set(device.key, { ...known, uncertain: unite(known.uncertain, [...partsOf(device).values()]) });
  }
  const ofParties = new Map<string, PartyFold>();
  for (const [key, register] of partiesOf(delta)) ofParties.set(key, { register, uncertain: [] });
  for (const [key, register] of maybe.flatMap(partiesOf)) {
    const known = ofParties.get(key) ?? NO_PARTY;
    ofParties.set(key, { ...known, uncertain: unite(known.uncertain, [register]) });
  }
  await joinOnto(devices, ofDevices, joinDeviceFolds);
  await joinOnto(parties, ofParties, joinPartyFolds);
}

const NO_DEVICE: DeviceFold = { device: null, uncertain: [] };
const NO_PARTY: PartyFold = { register: null, uncertain: [] };

/** The records of dealers and customers in a fleet: `customer elt:C-1`. */
export const partiesOf = ({
  dealers,
  customers,
}: Pick<Fleet, "dealers" | "customers">): [string, Register<unknown>][] => [
  ...[...dealers].map(([key, register]): [string, Register<unknown>] => [`dealer ${key}`, register]),
  ...[...customers].map(([key, register]): [string, Register<unknown>] => [`customer ${key}`, register]),
];

async function joinOnto<V>(
  shelf: Shelves["devices" | "parties"],
  added: ReadonlyMap<string, V>,
  join: (a: V, b: V) => V,
) {
  const typed = shelf as unknown as {
    get(keys: readonly string[]): Promise<Map<string, V>>;
    put(entries: ReadonlyMap<string, V>): Promise<void>;
  };
  const known = await typed.get([...added.keys()]);
  const joined = [...added].map(([key, value]): [string, V] => {
    const before = known.get(key);
    return [key, before === undefined ? value : join(before, value)];
  });
  await typed.put(new Map(joined.filter(([key, value]) => value !== known.get(key))));
}

function joinDeviceFolds(a: DeviceFold, b: DeviceFold): DeviceFold {
  const device = a.device && b.device ? joinDevices(a.device, b.device) : ((a.device ?? b.device) as Device | null);
  const uncertain = unite(a.uncertain, b.uncertain);
  return device === a.device && uncertain === a.uncertain ? a : { device, uncertain };
}

function joinPartyFolds(a: PartyFold, b: PartyFold): PartyFold {
  const register = b.register ? joinRegisters(a.register ?? undefined, b.register) : a.register;
  const uncertain = unite(a.uncertain, b.uncertain);
  return register === a.register && uncertain === a.uncertain ? a : { register, uncertain };
}

/** Dead letters of one device that are remembered: each is a fault that somebody has to look at. */
const MAX_UNCERTAIN = 1_000;

function unite<T extends Part | Register<unknown>>(known: readonly T[], added: readonly T[]): readonly T[] {
  const texts = new Set(known.map(canonicalText));
  const fresh = added.filter((each) => !texts.has(canonicalText(each)));
  return fresh.length === 0 ? known : [...known, ...fresh].slice(0, MAX_UNCERTAIN);
}
