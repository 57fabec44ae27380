import type { Scope } from "#auth/scope.ts";
import type { TokenIdentity } from "#auth/verify.ts";

/** A subscription that the holder of the ticket may open once, and who asked for it. It holds no token. */
export type Ticket = {
  readonly scope: Scope;
  /** When the token of its caller expires, in milliseconds since 1970 UTC. */
  readonly expiresAtMs: number;
  readonly caller: string;
  /** What the token may be revoked by; `null` for one that cannot. */
  readonly token: TokenIdentity | null;
  /** The body of `POST /graphql` that starts the subscription. */
  readonly body: string;
  /** The cursor of the item after which it begins; `null`: at the beginning. */
  readonly lastEventId: string | null;
};

/** The RPC interface of the object that keeps tickets. It knows them by their hash alone. */
export interface TicketStore {
  /** @param usableUntilMs milliseconds since 1970 UTC */
  issue(hash: string, ticket: Ticket, usableUntilMs: number): Promise<void>;
  /** Hands the ticket out, once. `null` if there is none, it was used, or it has expired. */
  take(hash: string): Promise<Ticket | null>;
}

/** A ticket's text: the location that keeps it, and 256 random bits. */
const TICKET = /^([A-Z]{3}|local)-[A-Za-z0-9_-]{43}$/;

/** The location in a ticket, which names the object that keeps it; `undefined` if the text is no ticket. */
export const placeOfTicket = (ticket: string): string | undefined => TICKET.exec(ticket)?.[1];
