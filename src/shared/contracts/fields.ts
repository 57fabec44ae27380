import * as z from "zod";
import { isPlainText } from "./envelope.ts";

/** Fields that several contracts share. `.meta({ pii: true })` marks personal data, which masking and exports hide. */

/** Text of 1 to `max` characters that every store preserves exactly: without NUL and lone surrogates. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes("\u0000"), "Invalid string: must be well-formed text");

/** An id, which is used in lookups and logs: without control characters too. */
export const id = z
  .string()
  .min(1)
  .max(64)
  .refine(isPlainText, "Invalid string: must be well-formed text without control characters");

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

/** On whose behalf a command was given, as its token said. */
export const actor = z.object({
  role: z.enum(["ops", "service", "dealer"]),
  subject: text(256).meta({ pii: true }).optional(),
  dealerId: id.optional(),
});

export const reason = z.object({ reason: text(500).optional() });
