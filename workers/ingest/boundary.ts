import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { describeRejection } from "../../src/shared/contracts/parse.ts";
import { addressOf, isWithin, LONG_WAIT_SECONDS, SHORT_WAIT_SECONDS } from "../../src/shared/rate-limit.ts";
import { log } from "../../src/shared/telemetry/log.ts";
import { labelValueOf } from "../../src/shared/telemetry/metrics.ts";
import { reportMetrics } from "../../src/shared/telemetry/report.ts";
import { traceOf } from "../../src/shared/telemetry/trace.ts";
import type { RequestNotes } from "../../src/shared/telemetry/track-requests.ts";
import { type Accepted, accept, type Entry, firstProblem, type Receipt } from "./accept.ts";
import { authenticate } from "./auth/authenticate.ts";
import { mayWrite, type Writer } from "./auth/credentials.ts";
import { isSigned } from "./auth/signature.ts";
import { readBody } from "./body.ts";
import { acceptDeps, type Config, type Env } from "./env.ts";
import { RequestError, restProxyCodeOf } from "./errors.ts";
import { Pressure } from "./pressure.ts";

/** What every route behind the credentials works with. */
export type BoundaryEnv = {
  readonly Bindings: Env;
  readonly Variables: { readonly config: Config; readonly writer: Writer; readonly notes: RequestNotes };
};
export type Boundary = Context<BoundaryEnv>;

const pressure = new Pressure();

/**
 * Lets in whose credentials are ours. Only wrong ones are counted, so nobody who has the right ones is kept out by what
 * others try from the same address.
 * @throws RequestError 401/40101, or 429 where an address has tried too many
 */
export async function admit(c: Boundary): Promise<void> {
  const who = await authenticate(c.req.header("Authorization"), c.var.config);
  if (!who.ok) {
    if (!(await isWithin(c.env.FAILED_SIGN_INS, addressOf(c.req.raw.headers)))) {
      const message = `This address sends too many credentials that are not ours. Nothing was accepted: try again in ${LONG_WAIT_SECONDS} s.`;
      throw new RequestError(42901, message, { "Retry-After": String(LONG_WAIT_SECONDS) });
    }
    throw new RequestError(40101, `Unauthorized. ${who.message}`, { "WWW-Authenticate": 'Basic realm="concord"' });
  }
  c.set("writer", who.writer);
}

/** Counts a request by whose credentials it came with; those that are nobody's are `unknown`. */
export const noteClient = createMiddleware<BoundaryEnv>(async (c, next) => {
  await next();
  const client = labelValueOf((c.get("writer") as Writer | undefined)?.id ?? "unknown");
  c.var.notes.add({ clientRequests: { [`${client} ${c.res.status}`]: 1 } });
});

/** @throws RequestError 503 with Retry-After while the queue's backlog is too long to add to */
export function requireRoom(): void {
  const waitSeconds = pressure.waitSeconds(Date.now());
  if (waitSeconds === 0) return;
  throw new RequestError(
    503,
    `The queue is nearly full. Nothing was accepted: send the request again in ${waitSeconds} s.`,
    {
      "Retry-After": String(waitSeconds),
    },
  );
}

/** Before the body is read: who may not write here costs us nothing. @throws RequestError 403/40301 */
export function requireAllowed(c: Boundary, topic: string): void {
  if (mayWrite(c.var.writer, topic)) return;
  throw new RequestError(40301, "These credentials may not write this topic. Nothing was accepted.");
}

/** The body's text. @throws RequestError 413, 415, 400, or 401 where this client has to sign and did not */
export async function readText(c: Boundary): Promise<string> {
  const text = await readBody(c.req.raw);
  const { signedWith } = c.var.writer;
  if (signedWith && !isSigned(c.req.raw.headers, text, signedWith)) throw notSigned();
  return text;
}

/** A stream has no body to sign. @throws RequestError 401 where this client has to */
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
  message: `This client sends more often than it may. Nothing of this was accepted: send it again in ${SHORT_WAIT_SECONDS} s.`,
} as const;

/**
 * Whether this client may send once more now: a request, or what arrived together on a stream. The platform counts, per
 * client and location; its `delta`, which would count records, is not in the local runtime.
 */
const isWithinRate = (c: Boundary): Promise<boolean> => isWithin(c.env.RATE_LIMIT, c.var.writer.id);

/**
 * Hands a request's entries to the queues.
 * @throws RequestError 429 or 503 with Retry-After when nothing was accepted because of us, 422 when `?strict=1` asks
 * for all or nothing
 */
export async function take(c: Boundary, entries: readonly Entry[]): Promise<readonly Receipt[]> {
  if (!(await isWithinRate(c))) {
    throw new RequestError(RATE_LIMITED.code, RATE_LIMITED.message, { "Retry-After": String(SHORT_WAIT_SECONDS) });
  }
  const deps = acceptDeps(c.env);
  if (isSet(c.req.query("strict"))) requireNoProblem(entries, deps.now());
  const accepted = await acceptAndNote(c, entries);
  if (accepted.queueIsGone) {
    throw new RequestError(503, "The queue is out of reach. Nothing was accepted: send the request again.", {
      "Retry-After": "2",
    });
  }
  return accepted.receipts;
}

/** The same for a stream, which has no status left to send: all that goes wrong is a receipt. */
export async function takeStreamed(c: Boundary, entries: readonly Entry[]): Promise<readonly Receipt[]> {
  if (!(await isWithinRate(c))) {
    return entries.map(() => ({ kind: "refused", code: 429, message: RATE_LIMITED.message }));
  }
  return (await acceptAndNote(c, entries)).receipts;
}

async function acceptAndNote(c: Boundary, entries: readonly Entry[]): Promise<Accepted> {
  const deps = acceptDeps(c.env);
  const trace = traceOf(c.req.header("traceparent"));
  const accepted = await accept(deps, entries, trace?.traceparent);
  const { backlog, receipts } = accepted;
  const nowMs = deps.now();
  pressure.note(backlog, nowMs);
  const waiting = backlog && { messages: backlog.backlogCount, bytes: backlog.backlogBytes, atMs: nowMs };
  const report = { ...accepted.report, ...(waiting && { backlog: waiting }) };
  // A stream goes on behind its answer.
  if (!c.var.notes.add(report)) c.executionCtx.waitUntil(reportMetrics(c.env, report));
  if (trace?.isSampled) log("info", "ingest.traced", { traceId: trace.traceId, records: receipts.length });
  return accepted;
}

function requireNoProblem(entries: readonly Entry[], nowMs: number): void {
  const found = firstProblem(entries, nowMs);
  if (!found) return;
  const { index, problem } = found;
  const [code, message] =
    "kind" in problem ? [problem.code, problem.message] : [restProxyCodeOf(problem), describeRejection(problem)];
  // Strict is about the whole request, so its status is 422 whatever the record's own would be.
  throw new RequestError(
    code >= 42200 && code < 42300 ? code : 422,
    `Record ${index}: ${message} Nothing was accepted (strict).`,
  );
}

export const isSet = (flag: string | undefined): boolean => flag === "1" || flag === "true";

/** What a client can read off the headers without opening the body. */
export function countHeaders(receipts: readonly Receipt[]): Record<string, string> {
  const count = (kind: Receipt["kind"]) => String(receipts.filter((receipt) => receipt.kind === kind).length);
  return { "X-Concord-Accepted": count("accepted"), "X-Concord-Dead-Lettered": count("deadLettered") };
}
