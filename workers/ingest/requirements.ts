import { NotJson, type Span } from "#json/cut.ts";
import { LIMITS } from "#queue/limits.ts";
import { RequestError } from "./errors.ts";

/** Runs a parser. @throws RequestError 400 if the body is not JSON */
export function requireJson<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof NotJson || thrown instanceof SyntaxError) {
      throw new RequestError(400, "The request body is not JSON. Nothing was accepted.");
    }
    throw thrown;
  }
}

/** More than `LIMITS.records`. The message has no number, because reading stops at the limit. */
export const tooManyRecords = (): RequestError =>
  new RequestError(
    413,
    `A request may carry ${LIMITS.records} records; this one has more. Nothing was accepted: send it in parts.`,
  );

/** Whether a part of a record is larger than any record that is kept whole. Such a record is not parsed. */
export const isOversized = ({ start, end }: Span): boolean => end - start > LIMITS.keptBytes;
