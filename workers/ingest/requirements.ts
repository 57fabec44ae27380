import { NotJson, nestsDeeperThan, type Span } from "../../src/shared/json/cut.ts";
import type { Incoming } from "./accept.ts";
import { RequestError } from "./errors.ts";
import { LIMITS, recordBytes } from "./limits.ts";

/** @throws RequestError 400 where the text that is read turns out to be no JSON */
export function asJson<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof NotJson || thrown instanceof SyntaxError) {
      throw new RequestError(400, "The request body is not JSON. Nothing was accepted.");
    }
    throw thrown;
  }
}

/** Too many for one request, whatever they are; how many there are nobody counts. */
export const tooMany = (): RequestError =>
  new RequestError(
    413,
    `A request may carry ${LIMITS.records} records; this one has more. Nothing was accepted: send it in parts.`,
  );

/** @throws RequestError 413: the part of a record is larger than any record that is kept, so it is not even parsed */
export function requireBuildable({ start, end }: Span, index: number): void {
  if (end - start > LIMITS.keptBytes) throw notKeepable(index);
}

/** @throws RequestError 400: what nests so deep is an attack on parsers and no event */
export function requireShallow(text: string): void {
  if (!nestsDeeperThan(text, LIMITS.bodyNesting)) return;
  throw new RequestError(400, `The request body nests deeper than ${LIMITS.bodyNesting} levels. Nothing was accepted.`);
}

/** @throws RequestError 413: no store of ours could keep the record, not even as a dead letter */
export function requireKeepable(record: Incoming, index: number): void {
  if (recordBytes(record) > LIMITS.keptBytes) throw notKeepable(index);
}

export const notKeepable = (index: number): RequestError =>
  new RequestError(
    413,
    `Record ${index} is larger than ${LIMITS.keptBytes} bytes. Nothing was accepted: send the request without it.`,
  );
