import { bucketOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { type Device, joinDevices } from "#domain/device.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { EMPTY_FLEET, type Fleet, merge, toDelta } from "#domain/fleet.ts";
import { type Part, partsOf } from "#domain/parts.ts";
import { canonicalText, joinRegisters, type Register } from "#domain/register.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { forgottenIds, withoutForgotten } from "#repositories/forgotten.ts";
import type { LiveState } from "../../repositories/live-state.ts";
import { nameOf, type Shelves, withoutBucket } from "./shelves.ts";
import type { DeviceFold, PartyFold } from "./state.ts";

export type Read = {
  /** Of records that were merged. */
  readonly merged: readonly ConcordEvent[];
  /** Of dead letters: a store may have merged them before another one failed. */
  readonly uncertain: readonly ConcordEvent[];
  /** The devices of merged records that today's contracts refuse, one for each record. */
  readonly unreadable: readonly DeviceKey[];
};

/** Records as today's contracts read them. */
export function readEvents(records: readonly ArchivedRecord[], only: DeviceKey | null): Read {
  const merged: ConcordEvent[] = [];
  const uncertain: ConcordEvent[] = [];
  const unreadable: DeviceKey[] = [];
  for (const record of records) {
    if (record.deviceKey === null || (only !== null && record.deviceKey !== only)) continue;
    const parsed = parseStamped(record, record.settledAtMs);
    if (parsed.ok) (record.outcome === "deadLettered" ? uncertain : merged).push(parsed.event);
    else if (record.outcome !== "deadLettered") unreadable.push(record.deviceKey);
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
export async function foldInto({ devices, said }: Shelves, { merged, uncertain }: Read): Promise<void> {
  const ofDevices = new Map<string, DeviceFold>();
  const ofParties = new Map<string, PartyFold>();
  for (const [bucket, events] of Map.groupBy(merged, ({ deviceKey }) => bucketOf(deviceKey))) {
    const { fleet } = merge(EMPTY_FLEET, events);
    for (const [key, device] of fleet.devices) ofDevices.set(nameOf(key), { device, uncertain: [] });
    for (const [name, register] of partiesOf(fleet)) ofParties.set(`${bucket} ${name}`, { register, uncertain: [] });
  }
  for (const event of uncertain) {
    const delta = toDelta(event);
    for (const device of delta.devices.values()) {
      const known = ofDevices.get(nameOf(device.key)) ?? NO_DEVICE;
      ofDevices.set(nameOf(device.key), { ...known, uncertain: unite(known.uncertain, [...partsOf(device).values()]) });
    }
    for (const [party, register] of partiesOf(delta)) {
      const name = `${bucketOf(event.deviceKey)} ${party}`;
      const known = ofParties.get(name) ?? NO_PARTY;
      ofParties.set(name, { ...known, uncertain: unite(known.uncertain, [register]) });
    }
  }
  await joinOnto(devices, ofDevices, joinDeviceFolds);
  await joinOnto(said, ofParties, joinPartyFolds);
}

/** Joins a page of what buckets say of dealers and customers. @returns where to go on; `null` at the end */
export async function gatherParties(after: string | null, { said, parties }: Shelves): Promise<string | null> {
  const page = await said.page(after, GATHERED_A_STEP);
  const joined = new Map<string, PartyFold>();
  for (const [name, fold] of page) {
    const known = joined.get(withoutBucket(name));
    joined.set(withoutBucket(name), known ? joinPartyFolds(known, fold) : fold);
  }
  await joinOnto(parties, joined, joinPartyFolds);
  return page.length === GATHERED_A_STEP ? (page.at(-1)?.[0] ?? null) : null;
}

const GATHERED_A_STEP = 500;

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
  shelf: Shelves["devices" | "said" | "parties"],
  added: ReadonlyMap<string, V>,
  join: (a: V, b: V) => V,
) {
  const typed = shelf as unknown as {
    get(keys: readonly string[]): Promise<Map<string, V>>;
    put(entries: ReadonlyMap<string, V>): Promise<void>;
  };
  const all = [...added];
  for (let at = 0; at < all.length; at += JOINED_AT_ONCE) {
    const some = all.slice(at, at + JOINED_AT_ONCE);
    const known = await typed.get(some.map(([key]) => key));
    const joined = some.map(([key, value]): [string, V] => {
      const before = known.get(key);
      return [key, before === undefined ? value : join(before, value)];
    });
    await typed.put(new Map(joined.filter(([key, value]) => value !== known.get(key))));
  }
}

/** Folds in memory at once. Ours: one has a device with its history, up to some tens of KB. */
const JOINED_AT_ONCE = 200;

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
