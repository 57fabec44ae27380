import type { Scope } from "#auth/scope.ts";
import { subjectOf } from "#auth/token.ts";
import type { TokenIdentity } from "#auth/verify.ts";
import { isWithinLimit, SHORT_WAIT_SECONDS } from "#base/rate-limit.ts";
import { rightsOf } from "#graphql/rights.ts";
import type { OpenLive } from "#objects/item.ts";
import { CONSISTENCY_HEADER, type Consistency, NEAREST, parseConsistencyToken } from "#repositories/consistency.ts";
import { openServices } from "#services/index.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import { parseTrace } from "#telemetry/trace.ts";
import { spendFor } from "./budget.ts";
import { type ApiSettings, type Env, storesFrom } from "./env.ts";
import { isEventStream, normalized, problemOfBody } from "./media-types.ts";
import { persistedTexts } from "./persisted-texts.ts";
import { refuse, tooMany } from "./refusals.ts";
import { yoga } from "./yoga.ts";

/** Who sent an operation, as its token says, and from where. */
export type Sender = {
  readonly scope: Scope;
  readonly expiresAtMs: number;
  readonly caller: string;
  readonly token: TokenIdentity | null;
  readonly address: string;
};

export type AnswerDeps = {
  readonly env: Env;
  readonly settings: ApiSettings;
  /** How subscriptions are opened; they are over when the signal aborts. */
  readonly live: (signal: AbortSignal) => OpenLive;
  readonly note: (report: MetricsReport) => void;
  /** Whether the operation is only tried: for a ticket, which opens a subscription and nothing else. */
  readonly isForTicket?: boolean;
  /** Continues work after the answer. */
  readonly waitUntil: (work: Promise<unknown>) => void;
};

const BAD_TOKEN =
  "This is not a consistency token. Nothing was read: send the value of an earlier answer, or leave it out.";

const NOT_ACCEPTABLE =
  "Accept application/json, application/graphql-response+json, or text/event-stream for a stream. Nothing was run.";

/** What `/graphql` answers to an authenticated sender, whichever way the operation came. */
export async function answer(
  request: Request,
  sender: Sender,
  { env, settings, live, note, waitUntil, isForTicket = false }: AnswerDeps,
): Promise<Response> {
  const { scope, expiresAtMs, caller, address } = sender;
  // Tokens of role service or ops are limited by address alone.
  const isOwn = scope.role !== "dealer" || (await isWithinLimit(env.REQUESTS, caller));
  if (!isOwn || !(await isWithinLimit(env.REQUESTS_BY_ADDRESS, address))) return tooMany(request, SHORT_WAIT_SECONDS);
  const problem = request.method === "POST" ? problemOfBody(request.headers) : undefined;
  if (problem) return refuse(request, 415, ["UNSUPPORTED_MEDIA_TYPE", problem]);
  const consistency = readConsistency(request.headers);
  if (!consistency) return refuse(request, 400, ["BAD_CONSISTENCY_TOKEN", BAD_TOKEN]);
  const asked = normalized(request);
  if (!asked) return refuse(request, 406, ["NOT_ACCEPTABLE", NOT_ACCEPTABLE]);
  const subject = subjectOf(caller);
  const open = (at: Consistency) => openServices(storesFrom(env, settings), scope, at, subject);
  const services = open(consistency);
  const rights = rightsOf(scope, settings);
  const hasBudget = scope.role === "dealer" && settings.dealerPointsAMinute > 0;
  const leaving = new AbortController();
  const response = await yoga.fetch(asked, {
    services,
    open,
    viewer: () => ({ scope, subject, expiresAtMs, rights }),
    live: live(AbortSignal.any([request.signal, leaving.signal])),
    expiresAtMs,
    isForTicket,
    rights,
    ...(hasBudget && { spend: spendFor(caller, settings.dealerPointsAMinute, env.BUDGETS) }),
    texts: persistedTexts(waitUntil),
    note,
    trace: parseTrace(request.headers.get("traceparent")),
  });
  // An answer that is not a stream needs no live connection.
  if (!isEventStream(response)) leaving.abort();
  const token = services.session.consistencyToken;
  if (token) response.headers.set(CONSISTENCY_HEADER, token);
  return response;
}

/** How fresh the answer has to be, or `undefined` if the client's consistency token is malformed. */
function readConsistency(headers: Headers): Consistency | undefined {
  if (headers.get("Concord-Consistency") === "strong") return { kind: "strong" };
  const token = headers.get(CONSISTENCY_HEADER);
  return token === null ? NEAREST : parseConsistencyToken(token);
}
