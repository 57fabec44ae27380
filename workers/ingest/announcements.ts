import type { Announcement } from "#domain/announcement.ts";
import type { Offer } from "#objects/hub.ts";
import type { Arrival, EventArrival } from "./ending.ts";
import type { Made } from "./offers.ts";
import { settle } from "./settle.ts";

/** Calls a dealer's feed. @param consistencyToken a read with it sees what happened */
export type Announce = (
  dealerId: string,
  announcements: readonly Announcement[],
  consistencyToken: string | null,
) => Promise<readonly Offer[] | undefined>;

/** Collects the announcements of a batch by dealer, so that each feed is called once. */
export class Announcements {
  readonly #byDealer = new Map<string, { readonly announcement: Announcement; readonly arrival: EventArrival }[]>();
  #consistencyToken: string | null = null;

  add(arrival: EventArrival, byDealer: ReadonlyMap<string, Announcement>, consistencyToken: string | null): void {
    this.#consistencyToken = consistencyToken;
    for (const [dealerId, announcement] of byDealer) {
      const waiting = this.#byDealer.get(dealerId) ?? [];
      waiting.push({ announcement, arrival });
      this.#byDealer.set(dealerId, waiting);
    }
  }

  /** The number of feeds to call. */
  get size(): number {
    return this.#byDealer.size;
  }

  /**
   * Calls the feeds, side by side.
   * @returns the fault of each record whose announcement a feed did not take, and what the others offer to hubs
   */
  async sendAll(announce: Announce): Promise<{ faults: ReadonlyMap<Arrival, unknown>; made: readonly Made[] }> {
    const faults = new Map<Arrival, unknown>();
    const made: Made[] = [];
    await Promise.all(
      [...this.#byDealer].map(async ([dealerId, waiting]) => {
        const announcements = waiting.map(({ announcement }) => announcement);
        const result = await settle(announce(dealerId, announcements, this.#consistencyToken));
        if (result.ok) made.push({ offers: result.value, arrivals: waiting.map(({ arrival }) => arrival) });
        else for (const { arrival } of waiting) faults.set(arrival, result.thrown);
      }),
    );
    return { faults, made };
  }
}
