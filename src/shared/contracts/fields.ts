import * as z from "zod";
import { isPlainText } from "./define.ts";

/** Building blocks that several contracts share. `.meta({ pii: true })` marks what masking and exports must hide. */

/** Text of 1 to `max` characters that storage keeps as it is: no NUL, no lone surrogates. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes("\u0000"), "Invalid string: must be well-formed text");

/** What things are looked up and logged by: no control characters either. */
export const id = z
  .string()
  .min(1)
  .max(64)
  .refine(isPlainText, "Invalid string: must be well-formed text without control characters");

/** RFC 3339 with an offset; in UTC its year has four digits, so that times written as text sort as times. */
export const time = z.iso
  .datetime({ offset: true })
  .refine((value) => isBetween(value, YEAR_0, YEAR_10000), "Invalid time: must lie between the years 0 and 9999 UTC");

const YEAR_0 = Date.parse("0000-01-01T00:00:00Z");
const YEAR_10000 = Date.UTC(10000, 0);

const isBetween = (rfc3339: string, fromMs: number, toMs: number): boolean => {
  const ms = Date.parse(rfc3339);
  return fromMs <= ms && ms < toMs;
};

/** The same moment in UTC with milliseconds, as all times behind the contracts are written. */
export const utc = (rfc3339: string): string => new Date(rfc3339).toISOString();

export const mode = z.enum(["heat", "cool", "auto", "auxHeat", "off"]);

export const location = z.object({
  country: text(64),
  region: text(128).optional(),
  city: text(128).meta({ pii: true }).optional(),
  postalCode: text(16).meta({ pii: true }).optional(),
  timeZone: text(64).optional(),
  latitude: z.number().min(-90).max(90).meta({ pii: true }).optional(),
  longitude: z.number().min(-180).max(180).meta({ pii: true }).optional(),
});

export const customer = z.object({
  customerId: id,
  name: text(200).meta({ pii: true }),
  email: text(254).meta({ pii: true }).optional(),
  phone: text(32).meta({ pii: true }).optional(),
});

export const dealer = z.object({
  dealerId: id,
  name: text(200),
  phone: text(32).optional(),
  email: text(254).optional(),
  website: text(500).optional(),
});

export const reason = z.object({ reason: text(500).optional() });
