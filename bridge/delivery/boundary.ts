import { promisify } from "node:util";
import { gzip as gzipWithCallback } from "node:zlib";
import { type BoundaryAnswer, readAnswer } from "#produce/answer.ts";
import { describeFailure } from "#produce/http.ts";
import { StopError } from "../source.ts";
import type { Encoded } from "./encode.ts";

const gzip = promisify(gzipWithCallback);

export type BoundarySettings = {
  /** Where Concord is: `https://concord.example.com`. */
  readonly url: URL;
  /** The value of the `Authorization` header, asked for anew for every request. */
  readonly authorization: () => Promise<string> | string;
  readonly compression: "gzip" | "none";
  /** How long one request may take, with its answer. */
  readonly timeoutMs: number;
  /** More headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type Answer =
  /** For each record whether the boundary has it now, as accepted or as a dead letter. */
  | {
      readonly kind: "answered";
      readonly kept: readonly boolean[];
      readonly accepted: number;
      readonly deadLettered: number;
    }
  /** Nothing is known to be accepted. The same request may succeed later. */
  | { readonly kind: "retry"; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** Nothing was accepted, and the same request never will be. */
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** Sends records of one topic. @throws StopError if the credentials are refused */
export type Send = (topic: string, entries: readonly Encoded[], signal: AbortSignal) => Promise<Answer>;

/** Concord's REST Proxy endpoint. */
export function boundary({ url, authorization, compression, timeoutMs, headers: more }: BoundarySettings): Send {
  const base = url.href.replace(/\/*$/, "");
  return async (topic, entries, signal) => {
    const text = `{"records":[${entries.map((entry) => entry.text).join()}]}`;
    const isCompressed = compression === "gzip";
    const body = isCompressed ? await gzip(text, { level: 1 }) : Buffer.from(text);
    const headers = {
      ...more,
      Authorization: await authorization(),
      "Content-Type": "application/vnd.kafka.binary.v2+json",
      Accept: "application/vnd.kafka.v2+json",
      ...(isCompressed && { "Content-Encoding": "gzip" }),
    };
    try {
      const response = await fetch(`${base}/topics/${encodeURIComponent(topic)}`, {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      return toAnswer(readAnswer(response, await response.text(), entries.length), topic, response.url);
    } catch (error) {
      if (error instanceof StopError) throw error;
      return { kind: "retry", reason: describeFailure(error), retryAfterMs: undefined };
    }
  };
}

function toAnswer(answer: BoundaryAnswer, topic: string, url: string): Answer {
  switch (answer.kind) {
    case "answered": {
      const { receipts } = answer;
      const kept = receipts.map(({ kind }) => kind !== "notKept");
      const accepted = receipts.filter(({ kind }) => kind === "accepted").length;
      return { kind: "answered", kept, accepted, deadLettered: kept.filter(Boolean).length - accepted };
    }
    case "unusable":
      throw new StopError(describeUnusable(answer, topic, url));
    default:
      return answer;
  }
}

function describeUnusable(
  { status, message }: Extract<BoundaryAnswer, { kind: "unusable" }>,
  topic: string,
  url: string,
): string {
  switch (status) {
    case 401:
      return `Concord refused the credentials (401: ${message}). Nothing of this request was accepted; what was accepted before is, and need not be sent again. Set CONCORD_CREDENTIAL to a credential that INGEST_CREDENTIALS has.`;
    case 403:
      return `Concord refused records of ${topic} (403: ${message}). Nothing of this request was accepted; what was accepted before is, and need not be sent again. Give the credential the topic, or leave the topic out. If the answer is not Concord's, a firewall before it refuses the body.`;
    default:
      return `${url} answered ${status} (${message}). Nothing was accepted there. Check --url: it is Concord's front door, without a path.`;
  }
}
