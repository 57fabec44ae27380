import { createParser } from "eventsource-parser";
import { endSession, readToken, resumeSession, sessionEnd } from "./sign-in/session.ts";

/** What the operations API said instead of an answer, or what kept it from answering. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;
  /** What else stood beside code and message. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor({ status, code, message, ...details }: { status: number; code: string; message: string }) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

type Method = "GET" | "POST" | "PATCH";

/** How long an answer may take. What changes something is waited for: giving up on it would not undo it. */
const LONGEST_ANSWER_MS = 30_000;

/**
 * Asks the operations API of this origin.
 * @param path behind /ops/api
 * @throws Refusal, or what the signal was aborted with
 */
export async function ask<T>(method: Method, path: string, body?: unknown, leaving?: AbortSignal): Promise<T> {
  const tooLong = method === "GET" ? AbortSignal.timeout(LONGEST_ANSWER_MS) : undefined;
  const signal = AbortSignal.any([leaving, tooLong].filter((each) => each !== undefined));
  try {
    const response = await send(method, path, { body, signal });
    return await readJson<T>(response, signal);
  } catch (thrown) {
    throw tooLong?.aborted && !leaving?.aborted ? unreachable() : thrown;
  }
}

async function readJson<T>(response: Response, signal: AbortSignal): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw new Refusal({ status: response.status, code: "unreadable", message: "The answer was not JSON. Try again." });
  }
}

type Sending = { readonly body?: unknown; readonly signal?: AbortSignal | undefined; readonly accept?: string };

/** Who the caller is. The only request while the session has ended: the others would fail, and count as failed sign-ins. */
const ME = "/me";

async function send(method: Method, path: string, { body, signal, accept = "application/json" }: Sending) {
  const end = sessionEnd();
  if (end && path !== ME) throw new Refusal({ status: 401, code: "session_ended", message: end.message });
  let response: Response;
  try {
    response = await fetch(`/ops/api${path}`, {
      method,
      headers: headersOf(method, accept),
      signal: signal ?? null,
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      // The operations API redirects nobody; Access does, to a page that only a person can use.
      redirect: "manual",
    });
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    throw unreachable();
  }
  if (response.ok) {
    if (path === ME) resumeSession();
    return response;
  }
  const refusal = await refusalIn(response);
  if (refusal.status === 401) endSession(refusal.message);
  throw refusal;
}

function headersOf(method: Method, accept: string): Record<string, string> {
  const token = readToken();
  return {
    Accept: accept,
    // Access answers such a request with 401 when its session has ended, and others with its sign-in page.
    "X-Requested-With": "XMLHttpRequest",
    // Also without a body: no form can send this type, so a change that comes with it comes from the console.
    ...(method !== "GET" && { "Content-Type": "application/json" }),
    ...(token !== null && { Authorization: `Bearer ${token}` }),
  };
}

const unreachable = (): Refusal =>
  new Refusal({ status: 0, code: "unreachable", message: "Concord is out of reach from here." });

async function refusalIn(response: Response): Promise<Refusal> {
  const body: { error?: { code: string; message: string } } = await response.json().catch(() => ({}));
  if (body.error) return new Refusal({ ...body.error, status: response.status });
  // Not an answer of ours, but of Access in front of us.
  if (response.type === "opaqueredirect" || response.status === 401) {
    return new Refusal({ status: 401, code: "session_ended", message: "Your session at Cloudflare Access has ended." });
  }
  const message = `The answer was HTTP ${response.status}. Try again in a moment.`;
  return new Refusal({ status: response.status, code: "http", message });
}

export type Listening<T> = {
  readonly onEvent: (event: T) => void;
  /** The server cannot tell just now; it goes on trying. */
  readonly onGap: (why: Refusal) => void;
};

/** Every stream says something more often, if only that it is there. A connection that died unnoticed says nothing. */
const LONGEST_SILENCE_MS = 30_000;

/**
 * Reads server-sent events. The browser's own EventSource can send no header, so a token would have to stand in its URL.
 * @returns when the server has ended the stream, which it does every few minutes; ask again then
 * @throws Refusal, or what the signal was aborted with
 */
export async function listen<T>(path: string, { onEvent, onGap }: Listening<T>, signal: AbortSignal): Promise<void> {
  const giveUp = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => giveUp.abort(), LONGEST_SILENCE_MS);
  };
  try {
    wait();
    const either = AbortSignal.any([signal, giveUp.signal]);
    const response = await send("GET", path, { signal: either, accept: "text/event-stream" });
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === "unknown") onGap(new Refusal({ ...JSON.parse(data), status: 503 }));
        else onEvent(JSON.parse(data) as T);
      },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = () =>
      reader?.read().catch((thrown: unknown) => {
        throw either.aborted ? thrown : unreachable();
      });
    for (let step = await read(); step && !step.done; step = await read()) {
      wait();
      parser.feed(step.value);
    }
  } catch (thrown) {
    throw giveUp.signal.aborted ? unreachable() : thrown;
  } finally {
    clearTimeout(timer);
    giveUp.abort();
  }
}
