import { toBase64Url } from "#base/base64.ts";
import { discardBody, readAtMost } from "#base/body.ts";
import { sha256Hex } from "#base/digest.ts";
import { clientAddress, isWithinLimit, SHORT_WAIT_SECONDS } from "#base/rate-limit.ts";
import { coloOf } from "#objects/hub-name.ts";
import type { LiveItem } from "#objects/item.ts";
import { placeOfTicket, type TicketStore } from "#objects/ticket.ts";
import { revokedIn } from "#telemetry/revocations.ts";
import { type AnswerDeps, answer, type Sender } from "./answer.ts";
import { refuseStranger } from "./caller.ts";
import type { Env } from "./env.ts";
import { EVENT_STREAM, isEventStream } from "./media-types.ts";
import { jsonAnswerOf, refuse, tooMany } from "./refusals.ts";

/*
 * A browser's `EventSource` can send no token. So a page asks for a ticket with its token, and opens the stream with it.
 * A URL is logged in many places on its way: what it holds opens one stream, once, within seconds, and nothing else.
 */

/** How long a ticket may be used, in milliseconds. Ours: a page opens its stream at once. */
const USABLE_MS = 30_000;

/**
 * Longest body of a ticket. Ours: it is stored, and the object of a location holds those of half a minute in memory when it
 * deletes them.
 */
const MAX_TICKET_BYTES = 32 * 1024;

/** Where tickets are used. */
const STREAM_PATH = "/graphql/stream";

type Deps = Omit<AnswerDeps, "live">;

/** Answers `POST /graphql/ticket`, whose body is the one with which the subscription would be POSTed to `/graphql`. */
export async function issueTicket(request: Request, sender: Sender, deps: Deps): Promise<Response> {
  const bytes = await readAtMost(request, MAX_TICKET_BYTES);
  if (!bytes) {
    await discardBody(request);
    return refuse(request, 413, ["REQUEST_ENTITY_TOO_LARGE", TOO_LARGE]);
  }
  const body = new TextDecoder().decode(bytes);
  // A page cannot read why its stream was refused, so the subscription is checked now, as if it were started.
  const headers = new Headers(request.headers);
  // The type in which every error has its own status.
  headers.set("Accept", `application/graphql-response+json, ${EVENT_STREAM}`);
  headers.delete("Content-Length");
  const tried = await answer(new Request(graphqlOf(request), { method: "POST", headers, body }), sender, {
    ...deps,
    live: () => async () => NOTHING,
    isForTicket: true,
  });
  if (!isEventStream(tried)) {
    tried.headers.set("Content-Type", `${jsonAnswerOf(request)}; charset=utf-8`);
    return tried;
  }
  await tried.body?.cancel();
  const place = coloOf(request);
  const ticket = `${place}-${toBase64Url(crypto.getRandomValues(new Uint8Array(32)))}`;
  const { scope, expiresAtMs, caller, token } = sender;
  const lastEventId = request.headers.get("Last-Event-ID");
  const usableUntilMs = Math.min(Date.now() + USABLE_MS, expiresAtMs);
  await ticketsAt(deps.env, place).issue(
    await sha256Hex(ticket),
    { scope, expiresAtMs, caller, token, body, lastEventId },
    usableUntilMs,
  );
  const url = new URL(`${STREAM_PATH}?${new URLSearchParams({ ticket })}`, request.url).href;
  return Response.json({ ticket, url, expiresAt: new Date(usableUntilMs).toISOString() });
}

type OpenDeps = Deps & {
  readonly live: (sender: Sender, lastEventId: string | null) => AnswerDeps["live"];
};

/** Answers `GET /graphql/stream?ticket=…` with the ticket's subscription. */
export async function openTicket(request: Request, { live, ...deps }: OpenDeps): Promise<Response> {
  const address = clientAddress(request.headers);
  // Anybody can make a ticket up, and each one asks an object.
  if (!(await isWithinLimit(deps.env.REQUESTS_BY_ADDRESS, address))) return tooMany(request, SHORT_WAIT_SECONDS);
  const text = new URL(request.url).searchParams.get("ticket") ?? "";
  const place = placeOfTicket(text);
  const ticket = place === undefined ? null : await ticketsAt(deps.env, place).take(await sha256Hex(text));
  if (!ticket || ticket.expiresAtMs <= Date.now())
    return (await refuseStranger(request, deps.env)) ?? refuse(request, 401, ["BAD_TICKET", NO_TICKET]);
  const { body, lastEventId, ...who } = ticket;
  if (ticket.token && (await revokedIn(deps.env.DB)).has(ticket.token))
    return refuse(request, 401, ["UNAUTHENTICATED", REVOKED]);
  const sender = { ...who, address };
  const headers = { ...Object.fromEntries(request.headers), "content-type": "application/json", accept: EVENT_STREAM };
  const subscription = new Request(graphqlOf(request), { method: "POST", headers, body, signal: request.signal });
  return answer(subscription, sender, { ...deps, live: live(sender, lastEventId) });
}

/** Where subscriptions are answered. A ticket is no part of this address. */
const graphqlOf = ({ url }: Request): URL => new URL("/graphql", url);

const TOO_LARGE = `A ticket's subscription has at most ${MAX_TICKET_BYTES} bytes. No ticket was made: send the document by its id, or shorten its variables.`;
const NO_TICKET =
  "This is no ticket, or it was used, or more than 30 s have passed. Nothing was opened: POST the subscription to /graphql/ticket for a new one.";
const REVOKED = "The token of this ticket was revoked. Nothing was opened: ask for a ticket with another token.";

const ticketsAt = ({ TICKETS }: Env, place: string): TicketStore => TICKETS.getByName(place) as unknown as TicketStore;

const NOTHING: AsyncIterable<LiveItem> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};
