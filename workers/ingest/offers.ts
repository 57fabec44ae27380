import type { Offer } from "#objects/hub.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { type MetricsReport, Tally } from "#telemetry/metrics.ts";
import type { Arrival, EventArrival } from "./ending.ts";
import { settle } from "./settle.ts";

/** Calls a hub. */
export type Deliver = (hub: string, offers: readonly Offer[]) => Promise<unknown>;

/** Calls of a hub that a batch makes. A hub that was just deployed or moved answers the second. Our choice. */
const TRIES = 2;

/**
 * Deferrals of a record for the sake of a hub. After that its subscribers are left to the next event of the same device
 * or dealer, which makes the hub ask for all that it missed. Our choice: about an hour.
 */
const MAX_DEFERRALS = 10;

/** Carries the offers of a batch to the hubs: all that objects returned at one time in one call a hub. */
export class Offers {
  readonly #deliver: Deliver;
  readonly #deliveries: Promise<void>[] = [];
  readonly #faults = new Map<Arrival, unknown>();
  readonly #outcomes = new Tally();
  #calls = 0;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /** The number of calls of hubs so far. */
  get calls(): number {
    return this.#calls;
  }

  /** How many offers hubs have taken, and how many none has. */
  get report(): Pick<MetricsReport, "hubOffers"> {
    return this.#outcomes.total > 0 ? { hubOffers: this.#outcomes.toCounts() } : {};
  }

  /**
   * Begins to call the hubs; `settle` waits for them.
   * @param made what each object returned, and the records that it was called with
   */
  send(made: readonly Made[]): void {
    const useful = made.flatMap(({ offers, arrivals }) =>
      // An offer of nothing makes a hub ask for what it missed. Only an earlier attempt can have kept that from it.
      (offers ?? [])
        .filter(({ from, to }) => from !== to || arrivals.some(wasDeliveredBefore))
        .map((offer) => ({ offer, arrivals })),
    );
    for (const [hub, group] of Map.groupBy(useful, ({ offer }) => offer.hub)) {
      const offers = group.map(({ offer }) => offer);
      this.#deliveries.push(
        this.#call(hub, offers).then((result) => {
          this.#outcomes.add(result.ok ? "taken" : "refused", offers.length);
          if (result.ok) return;
          log("warn", "consume.hub_unreachable", { hub, offers: offers.length, ...describeFault(result.thrown) });
          for (const { arrivals } of group)
            for (const arrival of arrivals.filter(isDeferrable)) this.#faults.set(arrival, result.thrown);
        }),
      );
    }
  }

  /** @returns the records that go back to the queue, because a hub could not be called */
  async settle(): Promise<ReadonlyMap<Arrival, unknown>> {
    await Promise.all(this.#deliveries);
    return this.#faults;
  }

  async #call(hub: string, offers: readonly Offer[]) {
    let result = await settle(this.#count(hub, offers));
    for (let tries = 1; !result.ok && tries < TRIES; tries++) result = await settle(this.#count(hub, offers));
    return result;
  }

  #count(hub: string, offers: readonly Offer[]): Promise<unknown> {
    this.#calls += 1;
    return this.#deliver(hub, offers);
  }
}

export type Made = { readonly offers: readonly Offer[] | undefined; readonly arrivals: readonly EventArrival[] };

const isDeferrable = ({ parcel }: Arrival): boolean => (parcel.deferrals ?? 0) < MAX_DEFERRALS;

/**
 * Whether an earlier consumer may have crashed between writing D1 and calling the dealer's feed, or a hub. The record is
 * announced and offered again then; feeds and hubs drop repetitions.
 */
export const wasDeliveredBefore = ({ deliveries, parcel, record }: EventArrival): boolean =>
  deliveries > 1 ||
  parcel.deferrals !== undefined ||
  record.attempts !== undefined ||
  record.suspect === true ||
  record.letterId !== undefined;
