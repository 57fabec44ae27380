import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { clientAddress, isWithinLimit, LONG_WAIT_SECONDS, SHORT_WAIT_SECONDS } from "#base/rate-limit.ts";
import { describeRejection } from "#contracts/parse.ts";
import { LANE_HEADER, type Lane } from "#queue/lane.ts";
import { LIMITS } from "#queue/limits.ts";
import { log } from "#telemetry/log.ts";
import { toLabelValue } from "#telemetry/metrics.ts";
import { reportMetrics } from "#telemetry/report.ts";
import { parseTrace } from "#telemetry/trace.ts";
import type { RequestNotes } from "#telemetry/track-requests.ts";
import { type Accepted, accept, type Entry, firstProblem, type Receipt } from "./accept.ts";
import { authenticate } from "./auth/authenticate.ts";
import { mayWrite, type Writer } from "./auth/credentials.ts";
import { isSigned } from "./auth/signature.ts";
import { bodyParts, isPlain, readBody } from "./body.ts";
import { charsetOf } from "./charset.ts";
import { acceptDeps, type Config, type Env } from "./env.ts";
import { RequestError, toRestProxyCode } from "./errors.ts";
import { Pressure } from "./pressure.ts";

/** The context of every route that requires credentials. */
export type BoundaryEnv = {
  readonly Bindings: Env;
  readonly Variables: {
    readonly config: Config;
    readonly writer: Writer;
    readonly lane: Lane;
    readonly notes: RequestNotes;
  };
};
export type Boundary = Context<BoundaryEnv>;

/** A lane is held up by its own queue, and by no other. */
const pressure: Readonly<Record<Lane, Pressure>> = { live: new Pressure("live"), backfill: new Pressure("backfill") };

/**
 * Authenticates the client. Only failed attempts count towards the rate limit, so that one client cannot lock out others
 * with the same address.
 * @throws RequestError 401/40101, or 429 after too many failed attempts from an address
 */
export async function authenticateClient(c: Boundary): Promise<void> {
  const who = await authenticate(c.req.header("Authorization"), c.var.config);
  if (!who.ok) {
    if (!(await isWithinLimit(c.env.FAILED_SIGN_INS, clientAddress(c.req.raw.headers)))) {
      const message = `Too many requests with wrong credentials from this address. Nothing was accepted: try again in ${LONG_WAIT_SECONDS} s.`;
      throw new RequestError(42901, message, { "Retry-After": String(LONG_WAIT_SECONDS) });
    }
    throw new RequestError(40101, `Unauthorized. ${who.message}`, { "WWW-Authenticate": 'Basic realm="concord"' });
  }
  c.set("writer", who.writer);
}

/** Counts a request by client and status; the client is `unknown` if it was not authenticated. */
export const noteClient = createMiddleware<BoundaryEnv>(async (c, next) => {
  await next();
  const client = toLabelValue((c.get("writer") as Writer | undefined)?.id ?? "unknown");
  c.var.notes.add({ clientRequests: { [`${client} ${c.res.status}`]: 1 } });
});

/** Reads which lane the request's records travel in. @throws RequestError 400 if it names none that exists */
export function chooseLane(c: Boundary): void {
  const name = c.req.header(LANE_HEADER);
  if (name !== undefined && name !== "backfill") {
    const message = `${LANE_HEADER} may be "backfill", or be left out for live records; this request has another. Nothing was accepted.`;
    throw new RequestError(400, message);
  }
  c.set("lane", name ?? "live");
}

/** @throws RequestError 503 with Retry-After while the backlog of the lane's queue is too long to add to */
export function requireCapacity(c: Boundary): void {
  const waitSeconds = pressure[c.var.lane].waitSeconds(Date.now());
  if (waitSeconds === 0) return;
  throw new RequestError(
    503,
    `The queue of ${c.var.lane === "live" ? "live records" : "backfills"} is nearly full. Nothing was accepted: send the request again in ${waitSeconds} s.`,
    {
      "Retry-After": String(waitSeconds),
    },
  );
}

/** Called before the body is read, so that a forbidden request costs nothing. @throws RequestError 403/40301 */
export function requireGrant(c: Boundary, topic: string): void {
  if (mayWrite(c.var.writer, topic)) return;
  throw new RequestError(40301, "These credentials may not write this topic. Nothing was accepted.");
}

/**
 * The body's text, read whole. Bytes that are invalid in its charset are kept: see #base/utf8.ts.
 * @throws RequestError 413, 415, 400, or 401 if this client has to sign and did not
 */
export async function readText(c: Boundary): Promise<string> {
  const charset = charsetOf(c.req.header("Content-Type"));
  const bytes = await readBody(c.req.raw);
  const { signedWith } = c.var.writer;
  if (signedWith && !isSigned(c.req.raw.headers, bytes, signedWith)) throw notSigned();
  return charset.decode(bytes);
}

/** The body's text in parts, read whole first if {@link isReadWhole} says so. @throws as {@link readText} */
export async function* readParts(c: Boundary): AsyncGenerator<string> {
  if (isReadWhole(c)) yield* pieces(await readText(c));
  else yield* bodyParts(c.req.raw, charsetOf(c.req.header("Content-Type")));
}

/**
 * Whether the body is read whole before any record is accepted: to decompress it, to check its signature, or for all or
 * nothing.
 */
export const isReadWhole = (c: Boundary): boolean =>
  c.var.writer.signedWith !== undefined || !isPlain(c.req.raw.headers) || isStrict(c);

/** A text in parts, as if it had been read so, to stop at a limit before the rest is cut into records. */
function* pieces(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += LIMITS.partBytes) yield text.slice(at, at + LIMITS.partBytes);
}

const isStrict = (c: Boundary): boolean => isTrue(c.req.query("strict"));

/** A stream has no body to sign. @throws RequestError 401 if this client has to sign */
export function requireNoSignature(c: Boundary): void {
  if (c.var.writer.signedWith) throw notSigned();
}

const notSigned = (): RequestError =>
  new RequestError(
    40101,
    "This client's requests carry a Standard Webhooks signature (webhook-id, webhook-timestamp, webhook-signature) that is no older than five minutes; this one does not. Nothing was accepted.",
  );

export const RATE_LIMITED = {
  code: 42901,
  message: `This client exceeds its rate limit. Nothing of this was accepted: send it again in ${SHORT_WAIT_SECONDS} s.`,
} as const;

/**
 * Whether the client is within its rate limit: requests, or chunks of a stream, per client and location. Records are not
 * counted: the platform's `delta`, which could, is missing in the local runtime.
 */
const isWithinRate = (c: Boundary): Promise<boolean> => isWithinLimit(c.env.RATE_LIMIT, c.var.writer.id);

/**
 * Sends some or all of a request's entries to the queues.
 * @param takenBefore how many records of the same request were accepted before
 * @throws RequestError 429 or 503 with Retry-After if nothing was accepted because of us, 422 if `?strict=1` asks for
 * all or nothing
 */
export async function acceptEntries(
  c: Boundary,
  entries: readonly Entry[],
  takenBefore = 0,
): Promise<readonly Receipt[]> {
  const refuse = (code: number, message: string, waitSeconds: number): RequestError => {
    const kept = `${takenBefore} records of this request were accepted, and do no harm when they come again.`;
    const said = takenBefore === 0 ? message : `${message} ${kept}`;
    return new RequestError(code, said, { "Retry-After": String(waitSeconds) });
  };
  if (!(await isWithinRate(c))) throw refuse(RATE_LIMITED.code, RATE_LIMITED.message, SHORT_WAIT_SECONDS);
  if (isStrict(c)) requireNoProblem(entries, Date.now());
  const accepted = await acceptAndReport(c, entries);
  if (accepted.queueIsDown) {
    throw refuse(503, "The queue is out of reach. Nothing of this was accepted: send the request again.", 2);
  }
  return accepted.receipts;
}

/** `acceptEntries` for a stream, whose status has been sent already: every problem becomes a receipt. */
export async function acceptStreamed(c: Boundary, entries: readonly Entry[]): Promise<readonly Receipt[]> {
  if (!(await isWithinRate(c))) {
    return entries.map(() => ({ kind: "refused", code: 429, message: RATE_LIMITED.message }));
  }
  return (await acceptAndReport(c, entries)).receipts;
}

async function acceptAndReport(c: Boundary, entries: readonly Entry[]): Promise<Accepted> {
  const { lane } = c.var;
  const deps = acceptDeps(c.env, lane);
  const trace = parseTrace(c.req.header("traceparent"));
  const accepted = await accept(deps, entries, trace?.traceparent);
  const { backlog, receipts } = accepted;
  const nowMs = deps.now();
  pressure[lane].note(backlog, nowMs);
  // Alerts and the flow page watch the queue of live records.
  const waiting = lane === "live" &&
    backlog && { messages: backlog.backlogCount, bytes: backlog.backlogBytes, atMs: nowMs };
  const report = { ...accepted.report, ...(waiting && { backlog: waiting }) };
  // A stream continues after its response has been returned, and its notes have been reported by then.
  if (!c.var.notes.add(report)) c.executionCtx.waitUntil(reportMetrics(c.env, report));
  if (trace?.isSampled) log("info", "ingest.traced", { traceId: trace.traceId, records: receipts.length });
  return accepted;
}

function requireNoProblem(entries: readonly Entry[], nowMs: number): void {
  const found = firstProblem(entries, nowMs);
  if (!found) return;
  const { index, problem } = found;
  const [code, message] =
    "kind" in problem ? [problem.code, problem.message] : [toRestProxyCode(problem), describeRejection(problem)];
  // Strict concerns the whole request, so its status is 422 whatever the record's own code is.
  throw new RequestError(
    code >= 42200 && code < 42300 ? code : 422,
    `Record ${index}: ${message} Nothing was accepted (strict).`,
  );
}

export const isTrue = (flag: string | undefined): boolean => flag === "1" || flag === "true";

/** The counts of accepted and dead-lettered records, for clients that do not read the body. */
export function countHeaders(receipts: readonly Receipt[]): Record<string, string> {
  const count = (kind: Receipt["kind"]) => receipts.filter((receipt) => receipt.kind === kind).length;
  return toCountHeaders({ accepted: count("accepted"), deadLettered: count("deadLettered") });
}

/** The same of records that were counted as they were accepted. */
export const toCountHeaders = ({ accepted, deadLettered }: Counts): Record<string, string> => ({
  "X-Concord-Accepted": String(accepted),
  "X-Concord-Dead-Lettered": String(deadLettered),
});

type Counts = { readonly accepted: number; readonly deadLettered: number };
