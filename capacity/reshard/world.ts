import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { EMPTY_FLEET, type Fleet, joinFleets, merge, toDelta } from "#domain/fleet.ts";
import { canonicalText } from "#domain/register.ts";
import { backward, forward, PHASES, type Phase, READS, type Side, WRITES } from "./move.ts";

/** What the move rests on. Tests replace one at a time with what somebody might have written. */
export type Rules = {
  /** How the copy of a device is written over what is there. */
  readonly copy: (known: Fleet, copied: Fleet) => Fleet;
  /** Whether a step waits until everybody uses the present map. */
  readonly waitsForOldMaps: boolean;
  /** Whether the flip waits until both sides are the same. */
  readonly compares: boolean;
  /** The write after which a consumer acknowledges: the last one, or the first. */
  readonly acknowledgesAfter: "all writes" | "the first write";
};

export const RULES: Rules = {
  copy: joinFleets,
  waitsForOldMaps: true,
  compares: true,
  acknowledgesAfter: "all writes",
};

/** One thing that happens. Numbers choose among what is there, and are taken modulo. */
export type Happening =
  /** A consumer takes an event, new or seen before, with a map that is still in use. */
  | { readonly kind: "take"; readonly event: number; readonly map: number }
  /** A consumer writes to the next of its sides, or acknowledges. */
  | { readonly kind: "write"; readonly consumer: number }
  | { readonly kind: "die"; readonly consumer: number }
  /** The copier reads a device of the old side, and some time later writes it to the new one. */
  | { readonly kind: "copy read"; readonly device: number }
  | { readonly kind: "copy write"; readonly copy: number }
  | { readonly kind: "copier dies" }
  /** Everybody whose work is done takes the newest map. */
  | { readonly kind: "maps taken" }
  | { readonly kind: "forward" }
  | { readonly kind: "backward" };

type Consumer = { readonly event: ConcordEvent; readonly map: number; readonly written: number };

/** A partition of two databases, its events, and a move that may stand anywhere. Storage is the join of the domain. */
export class World {
  readonly #events: readonly ConcordEvent[];
  readonly #rules: Rules;
  readonly #shards: Record<Side, Fleet> = { from: EMPTY_FLEET, to: EMPTY_FLEET };
  readonly #acknowledged = new Set<ConcordEvent>();
  readonly #maps: Phase[] = ["old"];
  #oldest = 0;
  #consumers: Consumer[] = [];
  #copies: Fleet[] = [];

  constructor(events: readonly ConcordEvent[], rules: Rules) {
    this.#events = events;
    this.#rules = rules;
  }

  get phase(): Phase {
    return this.#maps.at(-1) as Phase;
  }

  get shards(): Readonly<Record<Side, Fleet>> {
    return this.#shards;
  }

  happen(happening: Happening): void {
    switch (happening.kind) {
      case "take":
        this.#take(happening.event, happening.map);
        break;
      case "write":
        this.#write(happening.consumer);
        break;
      case "die":
        this.#remove(happening.consumer);
        break;
      case "copy read":
        this.#readCopy(happening.device);
        break;
      case "copy write":
        this.#writeCopy(happening.copy);
        break;
      case "copier dies":
        this.#copies = [];
        break;
      case "maps taken":
        this.#oldest = Math.min(this.#maps.length - 1, ...this.#consumers.map(({ map }) => map));
        break;
      case "forward":
      case "backward":
        this.#step(happening.kind === "forward" ? forward : backward);
        break;
      default:
        happening satisfies never;
    }
  }

  /** Everything that is left: all events are delivered, and the move goes on until it is over. */
  settle(): void {
    while (this.#consumers.length > 0) this.#write(0);
    for (const event of this.#events) this.#deliver(event);
    for (let round = 0; this.phase !== "new" && round < PHASES.length; round++) {
      this.happen({ kind: "maps taken" });
      if (this.phase === "both") this.#copyAll();
      this.happen({ kind: "forward" });
    }
    // Copies that were read long ago are written last.
    while (this.#copies.length > 0) this.#writeCopy(0);
  }

  /** Acknowledged events that a reader would not see, whichever map it uses. There must be none, at any time. */
  invisible(): ConcordEvent[] {
    const sides = new Set(this.#maps.slice(this.#oldest).map((phase) => READS[phase]));
    return [...this.#acknowledged].filter((event) =>
      [...sides].some((side) => joinFleets(this.#shards[side], toDelta(event)) !== this.#shards[side]),
    );
  }

  /** Devices that are not the same on both sides, by the hash of their content. */
  differences(): DeviceKey[] {
    const { from, to } = this.#shards;
    const keys = new Set([...from.devices.keys(), ...to.devices.keys()]);
    return [...keys].filter((key) => contentOf(from, key) !== contentOf(to, key));
  }

  #take(event: number, map: number): void {
    const inUse = this.#maps.length - this.#oldest;
    const taken = this.#events[event % this.#events.length] as ConcordEvent;
    this.#consumers.push({ event: taken, map: this.#oldest + (map % inUse), written: 0 });
  }

  #write(index: number): void {
    const consumer = this.#remove(index);
    if (!consumer) return;
    const { event, map, written } = consumer;
    const sides = WRITES[this.#maps[map] as Phase];
    const side = sides[written];
    if (side === undefined) {
      this.#acknowledged.add(event);
      return;
    }
    this.#shards[side] = merge(this.#shards[side], [event]).fleet;
    if (this.#rules.acknowledgesAfter === "the first write") this.#acknowledged.add(event);
    this.#consumers.push({ event, map, written: written + 1 });
  }

  #deliver(event: ConcordEvent): void {
    this.#consumers.push({ event, map: this.#maps.length - 1, written: 0 });
    while (this.#consumers.length > 0) this.#write(this.#consumers.length - 1);
  }

  #remove(index: number): Consumer | undefined {
    if (this.#consumers.length === 0) return undefined;
    return this.#consumers.splice(index % this.#consumers.length, 1)[0];
  }

  #readCopy(index: number): void {
    const { devices, dealers, customers } = this.#shards.from;
    const keys = [...devices.keys()];
    const key = keys[index % keys.length];
    if (key === undefined) return;
    this.#copies.push({ devices: new Map([...devices].filter(([each]) => each === key)), dealers, customers });
  }

  #writeCopy(index: number): void {
    const [copy] = this.#copies.splice(index % Math.max(1, this.#copies.length), 1);
    if (copy) this.#shards.to = this.#rules.copy(this.#shards.to, copy);
  }

  #copyAll(): void {
    for (const index of [...this.#shards.from.devices.keys()].keys()) {
      this.#readCopy(index);
      this.#writeCopy(this.#copies.length - 1);
    }
  }

  #step(direction: typeof forward): void {
    const step = direction({
      phase: this.phase,
      isUsedByAll: !this.#rules.waitsForOldMaps || this.#oldest === this.#maps.length - 1,
      differences: this.#rules.compares ? this.differences().length : 0,
    });
    if (step.ok) this.#maps.push(step.phase);
  }
}

/** What is compared: the device, and what its source says of dealers and customers. */
function contentOf({ devices, dealers, customers }: Fleet, key: DeviceKey): string {
  const device = devices.get(key);
  if (!device) return "";
  const parts = [device.alerts, device.assignments, dealers, customers].map((part) => [...part].sort(byKey));
  return canonicalText([device.latest, device.aspects, device.history, ...parts]);
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
