import { WorkerEntrypoint } from "cloudflare:workers";
import { GraphQLError } from "graphql";
import { errorBody, FAULT_MESSAGE } from "#graphql/errors.ts";
import { parseJson } from "#json/parse-json.ts";
import type { OpenLive } from "#objects/item.ts";
import type { OperationCall, Operations } from "#objects/operations.ts";
import { CONSISTENCY_HEADER } from "#repositories/consistency.ts";
import { logFault } from "#telemetry/fault.ts";
import { reportMetrics } from "#telemetry/report.ts";
import { revokedIn } from "#telemetry/revocations.ts";
import { RequestNotes } from "#telemetry/track-requests.ts";
import { answer } from "./answer.ts";
import { type ApiSettings, type Env, readApiSettings } from "./env.ts";

const EXPIRED = "Your token has expired. Nothing was done: connect again with a new one.";
const REVOKED = "Your token was revoked. Nothing was done: connect again with another one.";
const A_SUBSCRIPTION = "Subscriptions run where their socket ends, and queries and mutations here. Nothing was done.";

/** Queries and mutations that arrived on sockets. They get what `POST /graphql` would answer to their sender. */
export class OperationsService extends WorkerEntrypoint<Env> implements Operations {
  async execute(call: OperationCall): Promise<string> {
    try {
      const read = readApiSettings(this.env);
      if (read.ok) return await this.#answer(call, read.config);
      return refusal("MISCONFIGURED", `The api Worker serves nothing: ${read.problems.join("; ")}.`);
    } catch (thrown) {
      const id = logFault("operation_fault", thrown);
      return refusal("INTERNAL_SERVER_ERROR", FAULT_MESSAGE, { id });
    }
  }

  async #answer(call: OperationCall, settings: ApiSettings): Promise<string> {
    // The socket's token was checked when it connected.
    if (call.expiresAtMs <= Date.now()) return refusal("UNAUTHENTICATED", EXPIRED);
    if (call.token && (await revokedIn(this.env.DB)).has(call.token)) return refusal("UNAUTHENTICATED", REVOKED);
    const notes = new RequestNotes();
    const response = await answer(requestOf(call.payload), call, {
      env: this.env,
      settings,
      live: () => refuseLive,
      note: (report) => void notes.add(report),
      waitUntil: (work) => this.ctx.waitUntil(work),
    });
    const text = await response.text();
    this.ctx.waitUntil(reportMetrics(this.env, notes.take()));
    return text;
  }
}

/** A stream too, so that a subscription hears that it is in the wrong place. */
const ACCEPT = "application/graphql-response+json, text/event-stream";

/** What the headers of a request say stands in `extensions.concord` of a message. */
const HEADERS = {
  consistencyToken: CONSISTENCY_HEADER,
  consistency: "Concord-Consistency",
  traceparent: "traceparent",
} as const;

function requestOf(payload: string): Request {
  const headers = new Headers({ "Content-Type": "application/json", Accept: ACCEPT });
  const said = (parseJson(payload) as Payload | undefined)?.extensions?.concord;
  for (const [member, name] of Object.entries(HEADERS)) {
    const value = said?.[member];
    if (typeof value === "string") headers.set(name, PRINTABLE.test(value) ? value : UNREADABLE);
  }
  return new Request("https://operations.concord/graphql", { method: "POST", headers, body: payload });
}

/** What a header may hold. */
const PRINTABLE = /^[\x20-\x7e]*$/;
const UNREADABLE = "?";

type Payload = { readonly extensions?: { readonly concord?: Readonly<Record<string, unknown>> } | null } | null;

const refuseLive: OpenLive = () =>
  Promise.reject(new GraphQLError(A_SUBSCRIPTION, { extensions: { code: "BAD_USER_INPUT" } }));

const refusal = (code: string, message: string, details: object = {}): string =>
  JSON.stringify(errorBody(code, message, details));
