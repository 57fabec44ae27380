import * as z from "zod";
import { MAX_TIME_LENGTH, type Moment, parseTime, RFC_3339 } from "../domain/time.ts";

/** What was wrong already is said once. */
export const isSoundSoFar = ({ issues }: { readonly issues: readonly unknown[] }): boolean => issues.length === 0;

/** A time as RFC 3339 writes it, with an offset, of at most `MAX_TIME_LENGTH` characters. The text stays as it came. */
export const time = z
  .string()
  .max(MAX_TIME_LENGTH)
  .regex(RFC_3339, "Invalid time: must be RFC 3339 with an offset, as 2026-11-23T13:00:00.123Z")
  .refine((text) => parseTime(text) !== undefined, {
    error: "Invalid time: there is no such moment between the years 0 and 9999 UTC",
    when: isSoundSoFar,
  })
  .meta({ format: "date-time" });

/** The moment of a text that `time` has let pass. */
export const moment = (rfc3339: string): Moment => parseTime(rfc3339) as Moment;

/** Whether an event, or a record without a value, may claim it: from 1970 on, where Kafka's timestamps begin. */
export const isLateEnough = (claimed: Moment): boolean => claimed >= "1970-01-01T00:00:00.000Z";
