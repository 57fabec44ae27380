import { applyPatch } from "rfc6902";
import * as z from "zod";
import type { Issue } from "../contracts/parse.ts";

const Pointer = z
  .string()
  .max(1_000)
  .regex(/^(\/([^~]|~[01])*)*$/, "must be a JSON Pointer, as /data/online")
  .refine((path) => !path.split("/").some((name) => FORBIDDEN.has(name)), "names what no payload has as its own");

/** Members of every object that JavaScript has; rfc6902 passes over them in silence, and we say so. */
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const Operation = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("add"), path: Pointer, value: z.json() }),
  z.strictObject({ op: z.literal("remove"), path: Pointer }),
  z.strictObject({ op: z.literal("replace"), path: Pointer, value: z.json() }),
  z.strictObject({ op: z.literal("move"), path: Pointer, from: Pointer }),
  z.strictObject({ op: z.literal("copy"), path: Pointer, from: Pointer }),
  z.strictObject({ op: z.literal("test"), path: Pointer, value: z.json() }),
]);

/** RFC 6902. Limits are ours: an edit mends a payload, and does not write another. */
export const JsonPatch = z.array(Operation).min(1).max(100);
export type JsonPatch = z.output<typeof JsonPatch>;

export type Edited =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly message: string; readonly issues?: readonly Issue[] };

/** By these a record is known and ordered, and a replay keeps both. */
const KEPT = ["eventId", "occurredAt", "deviceId"] as const;

/**
 * The text of a payload after a patch. What it was known by before stays: an edit that changes a readable event id
 * makes another event, and is refused. Never throws on what a client sent.
 */
export function applyEdit(valueText: string, patch: JsonPatch): Edited {
  const before = readExactly(valueText);
  if (!before.ok) return before;
  const after = structuredClone(before.value);
  const [failed] = applyPatch(after, [...patch]).filter((error) => error !== null);
  if (failed) return refused(`the patch does not apply (${failed.name}: ${failed.message})`);
  for (const name of KEPT) {
    const [was, is] = [memberOf(before.value, name), memberOf(after, name)];
    if (typeof was === "string" && was !== "" && was !== is) {
      return refused(`it would change ${name}, by which the record is known; a replay keeps that`);
    }
  }
  return { ok: true, value: JSON.stringify(after) };
}

const refused = (why: string): Edited => ({ ok: false, message: `Nothing was edited: ${why}.` });

type Exactly = { readonly ok: true; readonly value: unknown } | (Edited & { readonly ok: false });

/** A payload that JSON.parse and JSON.stringify would not give back as it is cannot be edited without harm to the rest. */
function readExactly(text: string): Exactly {
  let rounded: string | undefined;
  try {
    const value: unknown = JSON.parse(text, (_, member: unknown, context?: { source?: string }) => {
      if (typeof member === "number" && context?.source !== undefined && !isExact(member, context.source)) {
        rounded ??= context.source;
      }
      return member;
    });
    if (rounded === undefined) return { ok: true, value };
    return refused(`it holds ${rounded.slice(0, 40)}, a number that an edit would round`) as Exactly;
  } catch {
    return refused("the payload is not JSON, so no patch can be applied to it") as Exactly;
  }
}

/** 1.0 and 1e2 are written anew and are the same numbers; 9007199254740993 is not. */
function isExact(number: number, source: string): boolean {
  if (!Number.isFinite(number)) return false;
  return Number.isInteger(number) ? Number.isSafeInteger(number) || String(number) === source : digitsOf(source) <= 15;
}

const digitsOf = (source: string): number => source.replace(/e.*$/i, "").replace(/\D/g, "").replace(/^0+/, "").length;

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
