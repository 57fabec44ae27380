import { logFault } from "#telemetry/fault.ts";

/** The Workers behind the front door, and the front door itself, by their bindings. */
export type Served = "INGEST" | "API" | "LIVE" | "DLQ" | "GATEWAY";

type Fault = { readonly body: object; readonly headers?: Readonly<Record<string, string>> };

/** The errors of each API look as its clients expect them. */
const FAULTS: Readonly<Record<Served, (id: string, origin: string | null) => Fault>> = {
  // The REST Proxy's. A producer may send its records again: repeated ones change nothing.
  INGEST: (id) => ({
    body: {
      error_code: 500,
      message: `Internal error ${id}. Some of the records may have been accepted: send the request again, which is safe.`,
    },
  }),
  API: (id, origin) => ({
    body: {
      errors: [
        {
          message: `The request failed on our side (${id}). Send a query again; before you repeat a mutation, query its result.`,
          extensions: { code: "INTERNAL_SERVER_ERROR", id },
        },
      ],
    },
    // A page of another origin may read why its query failed, with credentials too: nobody's data is in it.
    headers: {
      "Access-Control-Allow-Origin": origin ?? "*",
      ...(origin && { "Access-Control-Allow-Credentials": "true", Vary: "Origin" }),
    },
  }),
  LIVE: (id) => failed("INTERNAL", "Connect again in a moment.", id),
  DLQ: (id) =>
    failed("internal", "What you changed may have been done: look at the audit log before you repeat it.", id),
  GATEWAY: (id) => failed("INTERNAL", "Try again in a moment.", id),
};

const failed = (code: string, advice: string, id: string): Fault => ({
  body: { error: { code, message: `The request failed on our side (${id}). ${advice}`, id } },
});

/**
 * The answer in place of a Worker's that threw: a 500 with an id, by which the log says what happened. Without it, the
 * platform would answer with a page of its own, without our headers.
 */
export function answerFault(thrown: unknown, served: Served, { method, headers: sent }: Request): Response {
  const id = logFault("gateway.request_failed", thrown, { worker: served.toLowerCase(), method });
  const { body, headers } = FAULTS[served](id, sent.get("Origin"));
  return Response.json(body, { status: 500, headers: { ...headers } });
}
