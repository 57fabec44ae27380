import type { Announcement } from "../../src/shared/domain/announcement.ts";
import type { Arrival, EventArrival } from "./ending.ts";
import { settle } from "./settle.ts";

/** Tells a dealer's feed. @param consistencyToken reads from there on see what happened */
export type Announce = (
  dealerId: string,
  announcements: readonly Announcement[],
  consistencyToken: string | null,
) => Promise<unknown>;

/** What dealers are told of a whole batch, so that each feed is called once. */
export class Announcements {
  readonly #byDealer = new Map<string, { readonly announcement: Announcement; readonly arrival: EventArrival }[]>();
  #consistencyToken: string | null = null;

  add(arrival: EventArrival, told: ReadonlyMap<string, Announcement>, consistencyToken: string | null): void {
    this.#consistencyToken = consistencyToken;
    for (const [dealerId, announcement] of told) {
      const waiting = this.#byDealer.get(dealerId) ?? [];
      waiting.push({ announcement, arrival });
      this.#byDealer.set(dealerId, waiting);
    }
  }

  /** How many feeds are to be called. */
  get size(): number {
    return this.#byDealer.size;
  }

  /** @returns the records of which a feed could not be told, and why */
  async sendAll(announce: Announce): Promise<ReadonlyMap<Arrival, unknown>> {
    const faults = new Map<Arrival, unknown>();
    await Promise.all(
      [...this.#byDealer].map(async ([dealerId, told]) => {
        const announcements = told.map(({ announcement }) => announcement);
        const result = await settle(announce(dealerId, announcements, this.#consistencyToken));
        if (!result.ok) for (const { arrival } of told) faults.set(arrival, result.thrown);
      }),
    );
    return faults;
  }
}
