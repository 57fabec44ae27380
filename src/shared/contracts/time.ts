import * as z from "zod";
import { MAX_TIME_LENGTH, type Moment, parseTime, RFC_3339 } from "#domain/time.ts";

/** Skips a check if an earlier one has failed, so that one error gives one issue. */
export const hasNoIssues = ({ issues }: { readonly issues: readonly unknown[] }): boolean => issues.length === 0;

/** An RFC 3339 time with an offset, of at most `MAX_TIME_LENGTH` characters. The text is not normalized. */
export const time = z
  .string()
  .max(MAX_TIME_LENGTH)
  .regex(RFC_3339, "Invalid time: must be RFC 3339 with an offset, as 2026-11-23T13:00:00.123Z")
  .refine((text) => parseTime(text) !== undefined, {
    error: "Invalid time: there is no such moment between the years 0 and 9999 UTC",
    when: hasNoIssues,
  })
  .meta({ format: "date-time" });

/** The time in a text that `time` has accepted. */
export const moment = (rfc3339: string): Moment => parseTime(rfc3339) as Moment;

/** Events may not be older than 1970, where Kafka's timestamps begin. */
export const isSince1970 = (claimed: Moment): boolean => claimed >= "1970-01-01T00:00:00.000Z";
