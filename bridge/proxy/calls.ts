import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { buffer } from "node:stream/consumers";
import { messageIn } from "#produce/http.ts";
import { StopError } from "../source.ts";

export type Call = {
  readonly method: "GET" | "POST" | "DELETE";
  /** Asked for with it, even by GET: so proxies are told which partitions are meant. */
  readonly body?: unknown;
  readonly accept?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
};

export type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

/** No whole answer: what the proxy did with the request is unknown. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly kind: "unreachable" | "no answer in time" | "cut" | "given up";

  constructor(kind: CallError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

const JSON_V2 = "application/vnd.kafka.v2+json";

/** Closed by us before a proxy closes them: a poll on a connection that has just been closed would cost the instance. */
const IDLE_CONNECTION_MS = 4_000;

/** Requests to a proxy. By `node:http`, since `fetch` sends no body with a GET. */
export class ProxyCalls {
  readonly #authorization: string | null;
  readonly #http = new HttpAgent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  readonly #https = new HttpsAgent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });

  constructor(authorization: string | null) {
    this.#authorization = authorization;
  }

  /** @returns a whole answer, whatever its status @throws CallError without one; StopError for 401, 403 and redirects */
  async call(url: URL, call: Call): Promise<Reply> {
    const reply = await this.#request(url, call);
    const what = `${call.method} ${url.href}`;
    if (reply.status === 401 || reply.status === 403)
      throw new StopError(
        `The proxy refused ${what} (${reply.status}: ${messageIn(reply.text)}). What was delivered is committed. Set --proxy-username with CONCORD_BRIDGE_PROXY_PASSWORD, or CONCORD_BRIDGE_PROXY_TOKEN, and give that user the topics and the group.`,
      );
    if (reply.status >= 300 && reply.status < 400)
      throw new StopError(
        `${what} is redirected to ${reply.headers.location ?? "nowhere"}. Set --proxy to the proxy itself.`,
      );
    return reply;
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #request(url: URL, { method, body, accept = JSON_V2, timeoutMs, signal }: Call): Promise<Reply> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const isSecure = url.protocol === "https:";
    const headers = {
      Accept: accept,
      // Redpanda wants it with a DELETE too.
      "Content-Type": JSON_V2,
      ...(text !== undefined && { "Content-Length": Buffer.byteLength(text) }),
      ...(this.#authorization !== null && { Authorization: this.#authorization }),
    };
    let response: IncomingMessage | undefined;
    try {
      const sent = (isSecure ? requestHttps : requestHttp)(url, {
        method,
        headers,
        agent: isSecure ? this.#https : this.#http,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        sent.on("response", resolve);
        sent.on("error", reject);
      });
      sent.end(text);
      response = await answered;
      const bytes = await buffer(response);
      return { status: response.statusCode ?? 0, headers: response.headers, text: bytes.toString() };
    } catch (error) {
      if (signal?.aborted) throw new CallError("given up", `${method} ${url.href} was given up`);
      if (deadline.aborted)
        throw new CallError("no answer in time", `${method} ${url.href} got no answer within ${timeoutMs} ms`);
      const reason = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
      if (response) throw new CallError("cut", `The answer of ${method} ${url.href} broke off: ${reason}`);
      throw new CallError("unreachable", `${method} ${url.href} failed: ${reason}`);
    }
  }
}

/** The address of a path below the proxy's own, whose last segments are names that may need to be escaped. */
export function below(base: URL, ...segments: readonly (string | number)[]): URL {
  const url = new URL(base.href.replace(/[?#].*$/, "").replace(/\/*$/, "/"));
  return new URL(segments.map((segment) => encodeURIComponent(segment)).join("/"), url);
}
