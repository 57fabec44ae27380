import { DurableObject } from "cloudflare:workers";
import type { Ticket, TicketStore } from "#objects/ticket.ts";

type Kept = { readonly ticket: Ticket; readonly usableUntilMs: number };

/**
 * The tickets of one location. One object decides about each of them, so that it is used once, whichever isolate asks.
 * They are stored by their hash: what is stored opens nothing.
 */
export class Tickets extends DurableObject implements TicketStore {
  async issue(hash: string, ticket: Ticket, usableUntilMs: number): Promise<void> {
    this.ctx.storage.kv.put<Kept>(hash, { ticket, usableUntilMs });
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(usableUntilMs);
  }

  async take(hash: string): Promise<Ticket | null> {
    const { kv } = this.ctx.storage;
    const kept = kv.get<Kept>(hash);
    if (!kept) return null;
    // The answer leaves this object once the deletion is stored.
    kv.delete(hash);
    return kept.usableUntilMs > Date.now() ? kept.ticket : null;
  }

  /** Deletes what nobody has used. */
  override async alarm(): Promise<void> {
    const { kv } = this.ctx.storage;
    const waiting: number[] = [];
    for (const [hash, { usableUntilMs }] of [...kv.list<Kept>()]) {
      if (usableUntilMs <= Date.now()) kv.delete(hash);
      else waiting.push(usableUntilMs);
    }
    if (waiting.length > 0) await this.ctx.storage.setAlarm(Math.min(...waiting));
  }
}
