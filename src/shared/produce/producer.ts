import { pause } from "#base/pause.ts";
import type { BuiltRecord } from "#contracts/produce.ts";
import { type BoundaryAnswer, type Receipt, readAnswer } from "./answer.ts";
import { REST_V2_CONTENT_TYPE, toRestV2Entry } from "./encode.ts";
import { describeFailure } from "./http.ts";

/** Where a producer sends, as whom, and how it waits and repeats. */
export type ProducerOptions = {
  /** Concord's front door, without a path: `https://concord.example.com`. */
  readonly url: string | URL;
  /** The value of the `Authorization` header, or what makes one for every request: `Basic …`, `Bearer …`. */
  readonly authorization: string | (() => string | Promise<string>);
  /** By default the platform's own. A Worker passes a service binding's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** How long `send` goes on trying, in milliseconds. By default a minute. */
  readonly deadlineMs?: number;
  /** How long one request may take, in milliseconds. By default 30 seconds. */
  readonly timeoutMs?: number;
  /** Records in a request, at most. By default 500; the boundary takes 5,000. */
  readonly batchRecords?: number;
  /** `backfill`: the records wait behind live ones. By default they are live. */
  readonly lane?: "live" | "backfill";
  /** From 0 up to, not including, 1. For tests. */
  readonly random?: () => number;
};

/** What became of a record, when `send` ended. */
export type Sent =
  /** The queue has it, and it will be applied. */
  | { readonly kind: "accepted" }
  /** Concord keeps it as a dead letter, with the reason in `message`. */
  | { readonly kind: "deadLettered"; readonly code: number; readonly message: string }
  /**
   * It is not known to be kept. The same record may be sent again, which does no harm if it was kept after all: its
   * event id makes it the same event.
   */
  | { readonly kind: "notSent"; readonly reason: string };

/** Bytes of a request's body, of which the boundary takes 4 MiB. */
const BATCH_BYTES = 1024 * 1024;
/** The wait before the first retry, in milliseconds. It doubles for each further one, and half of it is jitter. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/**
 * Sends built records to Concord over HTTP, and returns what became of each. Requests that the boundary could not take
 * are repeated, after the time that it asks for; while it is under pressure, all sends of this producer wait.
 *
 * ```ts
 * const producer = new Producer({ url, authorization: `Basic ${btoa("elt:secret")}` });
 * const [sent] = await producer.send([buildRecord("device.elt.status.reported", { deviceId, occurredAt, data })]);
 * ```
 */
export class Producer {
  readonly #options: ProducerOptions;
  #notBeforeMs = 0;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  /**
   * Sends records, in requests of one topic each. Never throws: whatever fails is in the answer.
   * @param signal ends it early; what has no receipt by then is `notSent`
   * @returns one result for each record, in their order
   */
  async send(records: readonly BuiltRecord[], signal?: AbortSignal): Promise<Sent[]> {
    const sent: Sent[] = records.map(() => ({ kind: "notSent", reason: "not tried" }));
    const run = { deadlineMs: performance.now() + (this.#options.deadlineMs ?? 60_000), signal };
    const all = records.map((record, index): Entry => ({ index, topic: record.topic, text: toRestV2Entry(record) }));
    for (const batch of batchesOf(all, this.#options.batchRecords ?? 500)) {
      const stop = await this.#deliver(batch, sent, run);
      if (stop === undefined) continue;
      sent.forEach((each, i) => {
        if (each.kind === "notSent") sent[i] = { kind: "notSent", reason: stop };
      });
      break;
    }
    return sent;
  }

  /** @returns why nothing else need be tried; `undefined` where the next batch may be sent */
  async #deliver(batch: readonly Entry[], sent: Sent[], run: Run): Promise<string | undefined> {
    let left = batch;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      if (!(await this.#wait(this.#notBeforeMs, run))) return ended(run, lastReason(left, sent));
      const answer = await this.#request(left, run);
      switch (answer.kind) {
        case "unusable":
          return describeUnusable(answer);
        case "refused":
          for (const { index } of left)
            sent[index] = { kind: "notSent", reason: `refused with ${answer.status}: ${answer.message}` };
          return undefined;
        case "answered":
          left.forEach(({ index }, i) => {
            sent[index] = toSent(answer.receipts[i] as Receipt);
          });
          left = left.filter(({ index }) => sent[index]?.kind === "notSent");
          if (left.length === 0) return undefined;
          break;
        case "retry":
          for (const { index } of left) sent[index] = { kind: "notSent", reason: answer.reason };
          this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() + (answer.retryAfterMs ?? 0));
      }
      const jitter = (this.#options.random ?? Math.random)();
      if (!(await this.#wait(performance.now() + waitMs / 2 + (waitMs / 2) * jitter, run)))
        return ended(run, lastReason(left, sent));
    }
  }

  async #request(entries: readonly Entry[], { deadlineMs, signal }: Run): Promise<BoundaryAnswer> {
    const { url, authorization, fetch: send = fetch, timeoutMs = 30_000, lane = "live" } = this.#options;
    const topic = entries[0]?.topic ?? "";
    // Timeouts are whole milliseconds, and this clock's times are not.
    const leftMs = Math.ceil(deadlineMs - performance.now());
    const limits = [AbortSignal.timeout(Math.max(0, Math.min(timeoutMs, leftMs)))];
    try {
      const response = await send(`${String(url).replace(/\/+$/, "")}/topics/${encodeURIComponent(topic)}`, {
        method: "POST",
        headers: {
          Authorization: typeof authorization === "string" ? authorization : await authorization(),
          "Content-Type": REST_V2_CONTENT_TYPE,
          ...(lane === "backfill" && { "X-Concord-Lane": lane }),
        },
        body: `{"records":[${entries.map(({ text }) => text).join()}]}`,
        redirect: "manual",
        signal: AbortSignal.any(signal ? [...limits, signal] : limits),
      });
      return readAnswer(response, await response.text(), entries.length);
    } catch (error) {
      return { kind: "retry", reason: describeFailure(error), retryAfterMs: undefined };
    }
  }

  /** @returns whether that time came before the deadline, and before the caller gave up */
  async #wait(untilMs: number, { deadlineMs, signal }: Run): Promise<boolean> {
    const waitMs = untilMs - performance.now();
    if (signal?.aborted || Math.max(untilMs, performance.now()) >= deadlineMs) return false;
    if (waitMs <= 0) return true;
    await pause(waitMs, signal);
    return signal?.aborted !== true;
  }
}

type Entry = { readonly index: number; readonly topic: string; readonly text: string };
type Run = { readonly deadlineMs: number; readonly signal: AbortSignal | undefined };

/** By topic, in the order in which topics and records first came. */
function batchesOf(entries: readonly Entry[], maxRecords: number): Entry[][] {
  // Node 20 has no Map.groupBy.
  const topics = [...new Set(entries.map(({ topic }) => topic))];
  return topics.flatMap((topic) => {
    const batches: Entry[][] = [];
    let room = 0;
    for (const entry of entries.filter((each) => each.topic === topic)) {
      const batch = batches.at(-1);
      const bytes = new TextEncoder().encode(entry.text).byteLength + 1;
      if (batch && batch.length < maxRecords && bytes <= room) batch.push(entry);
      else batches.push([entry]);
      room = (batches.at(-1) === batch ? room : BATCH_BYTES) - bytes;
    }
    return batches;
  });
}

const toSent = (receipt: Receipt): Sent =>
  receipt.kind === "notKept" ? { kind: "notSent", reason: `${receipt.code}: ${receipt.message}` } : receipt;

function lastReason(left: readonly Entry[], sent: readonly Sent[]): string {
  const last = sent[left[0]?.index ?? -1];
  return last?.kind === "notSent" ? last.reason : "not tried";
}

const ended = ({ signal }: Run, reason: string): string =>
  `${signal?.aborted ? "given up by its caller" : "not delivered before its deadline"}; the last answer: ${reason}`;

const describeUnusable = ({ status, message }: Extract<BoundaryAnswer, { kind: "unusable" }>): string => {
  const todo =
    status === 401 || status === 403
      ? "Check the credentials, and which topics they may write."
      : "Check the URL: it is Concord's front door, without a path.";
  return `answered with ${status}: ${message}. Nothing of this request was accepted. ${todo}`;
};
