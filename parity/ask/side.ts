import type { Json } from "../json.ts";
import type { SideName } from "../plan/plan.ts";
import { type Outcome, type Reply, readReply } from "./answer.ts";

export type SideSettings = {
  readonly name: SideName;
  readonly url: URL;
  /** Asked for anew for every request, since a token in a file may have been renewed. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly inFlight: number;
  readonly perSecond: number;
  readonly timeoutMs: number;
  readonly attempts: number;
};

export type SideDeps = {
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly random: () => number;
  /** Once it is aborted, nothing more is sent. What is under way is still answered. */
  readonly stopped?: AbortSignal;
};

export type Question = { readonly text: string; readonly variables: Readonly<Record<string, Json>> };

/** A side that nobody can be compared with: it refuses the credentials, or answers nothing at all. */
export class SideError extends Error {
  override readonly name = "SideError";
  readonly isRefusal: boolean;

  constructor(message: string, isRefusal: boolean) {
    super(message);
    this.isRefusal = isRefusal;
  }
}

/** Nothing more is asked, and this question was not answered: nothing is known of it. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

type Retry = Extract<Reply, { kind: "retry" }>;
type TimedReply = Exclude<Reply, Retry> | (Retry & { readonly retryAfterMs: number | undefined });

/** Longest wait between two attempts. */
const MAX_BACKOFF_MS = 30_000;
/** Questions in a row that no attempt got an answer to; then the side is taken to be away. */
const MAX_UNANSWERED = 10;

/**
 * One of the two systems. It is asked no more often than its settings allow, over all that ask it, and when it is
 * overloaded nobody asks it for a while.
 */
export class Side {
  readonly name: SideName;
  /** How many requests were made, and how many of them had to be made again. */
  readonly requests = { made: 0, again: 0 };
  readonly #settings: SideSettings;
  readonly #deps: SideDeps;
  readonly #waiting: (() => void)[] = [];
  #free: number;
  /** When the next request may be sent. */
  #nextMs = 0;
  /** Requests in a row that were answered by overload or not at all. */
  #failures = 0;
  #unanswered = 0;

  constructor(settings: SideSettings, deps: SideDeps) {
    this.name = settings.name;
    this.#settings = settings;
    this.#deps = deps;
    this.#free = settings.inFlight;
  }

  /** @throws SideError, and StoppedError */
  async ask(question: Question): Promise<Outcome> {
    await this.#enter();
    try {
      return await this.#tryAll(question);
    } finally {
      this.#leave();
    }
  }

  async #tryAll(question: Question): Promise<Outcome> {
    const { attempts, url, name } = this.#settings;
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#send(question);
      if (reply.kind === "refused")
        throw new SideError(
          `the ${name} side refuses these credentials (${reply.status}: ${reply.message}). Check ${name}.headers.`,
          true,
        );
      if (reply.kind !== "retry") {
        [this.#failures, this.#unanswered] = [0, 0];
        return reply;
      }
      this.#slowDown(reply.retryAfterMs);
      if (attempt < attempts) {
        this.requests.again++;
        continue;
      }
      if (reply.outcome) return reply.outcome;
      if (++this.#unanswered >= MAX_UNANSWERED)
        throw new SideError(
          `the ${name} side (${url.origin}) has not answered the last ${MAX_UNANSWERED} questions (${reply.message}).`,
          false,
        );
      return { kind: "failed", message: `${reply.message}, ${attempts} times` };
    }
  }

  async #send({ text, variables }: Question): Promise<TimedReply> {
    const { url, headers, timeoutMs } = this.#settings;
    await this.#turn();
    this.requests.made++;
    try {
      const response = await this.#deps.fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", ...headers() },
        body: JSON.stringify({ query: text, variables }),
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const reply = readReply(response.status, await response.text());
      return reply.kind === "retry" ? { ...reply, retryAfterMs: this.#retryAfterMs(response.headers) } : reply;
    } catch (error) {
      return { kind: "retry", message: causeOf(error as Error), retryAfterMs: undefined };
    }
  }

  /** Waits for this request's turn: the next one is a whole interval later, and none is sent during a pause. */
  async #turn(): Promise<void> {
    for (;;) {
      if (this.#deps.stopped?.aborted) throw new StoppedError();
      const nowMs = this.#deps.now();
      if (nowMs >= this.#nextMs) {
        this.#nextMs = nowMs + 1_000 / this.#settings.perSecond;
        return;
      }
      await this.#deps.sleep(Math.ceil(this.#nextMs - nowMs), this.#deps.stopped);
    }
  }

  /** Nobody asks for a while: as long as the side says, or longer with every failure in a row. */
  #slowDown(retryAfterMs: number | undefined): void {
    this.#failures++;
    const ceiling = Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(this.#failures, 10));
    const pauseMs = Math.min(MAX_BACKOFF_MS, retryAfterMs ?? ceiling / 2 + (ceiling / 2) * this.#deps.random());
    this.#nextMs = Math.max(this.#nextMs, this.#deps.now() + pauseMs);
  }

  /** Seconds, or a date. */
  #retryAfterMs(headers: Headers): number | undefined {
    const text = headers.get("Retry-After");
    if (text === null) return undefined;
    const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - this.#deps.now();
    return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place goes to whoever waits longest, and is free only if nobody does. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/** `fetch` says only that it failed; the cause says why. */
function causeOf({ name, message, cause }: Error): string {
  if (name === "TimeoutError") return "no answer in time";
  const { code, message: why } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? why ?? message;
}
