import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { excerpt, messageIn, retryAfterMs } from "./http.ts";

/** What became of one record of a request that was answered. */
export type Receipt =
  | { readonly kind: "accepted" }
  /** Kept as a dead letter, because it can never be applied as it is. Sending it again changes nothing. */
  | { readonly kind: "deadLettered"; readonly code: number; readonly message: string }
  /** Not kept: the queue took others of the request, but not this one. It may be sent again. */
  | { readonly kind: "notKept"; readonly code: number; readonly message: string };

/** What the boundary says to a produce request of version 2: docs/kafka.md, "Status codes". */
export type BoundaryAnswer =
  /** One receipt for each record, in the order of the request. */
  | { readonly kind: "answered"; readonly receipts: readonly Receipt[] }
  /** Nothing is known to be accepted. The same request may succeed later. */
  | { readonly kind: "retry"; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** Nothing was accepted, and the same request never will be. */
  | { readonly kind: "refused"; readonly status: number; readonly message: string }
  /** Nothing was accepted, and no record is to blame: the credentials or the address are wrong. */
  | { readonly kind: "unusable"; readonly status: number; readonly message: string };

const Body = z.object({
  offsets: z.array(z.object({ error_code: z.int().nullish(), error: z.string().nullish() })),
});

/** What the boundary says in an entry that it did not keep: the queue took others, or the partition is not one of ours. */
const NOT_KEPT = new Set([50003, 40402]);

/** @param records how many the request had */
export function readAnswer(
  { status, headers }: Pick<Response, "status" | "headers">,
  text: string,
  records: number,
): BoundaryAnswer {
  if (status === 200) return readReceipts(text, records);
  const message = messageIn(text);
  // A path that is not there is another server's, and a redirect leads to one.
  if ([401, 403, 404, 405].includes(status) || (status >= 300 && status < 400))
    return { kind: "unusable", status, message };
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return { kind: "retry", reason: `${status}: ${message}`, retryAfterMs: retryAfterMs(headers) };
  return { kind: "refused", status, message };
}

/** An answer of 200 that is not the boundary's proves nothing. */
function readReceipts(text: string, records: number): BoundaryAnswer {
  const body = Body.safeParse(parseJson(text));
  if (!body.success || body.data.offsets.length !== records) {
    const reason = `200 without one result for each record: ${excerpt(text)}`;
    return { kind: "retry", reason, retryAfterMs: undefined };
  }
  const receipts = body.data.offsets.map(({ error_code: code, error }): Receipt => {
    if (code == null) return { kind: "accepted" };
    return { kind: NOT_KEPT.has(code) ? "notKept" : "deadLettered", code, message: error ?? "" };
  });
  return { kind: "answered", receipts };
}
