import { createHmac } from "node:crypto";
import * as z from "zod";
import { canonicalText } from "#domain/register.ts";
import type { Compared } from "../compare/compare.ts";
import { likeness } from "../compare/likeness.ts";
import type { Json } from "../json.ts";
import { WHOLE } from "../plan/plan.ts";

/** A value as it is kept: what is shown of it, and what it is recognized by. */
export const Held = z.object({ text: z.string(), print: z.string() });
export type Held = z.output<typeof Held>;

/** Characters of a value that are kept. */
const MAX_TEXT = 400;
const PERSONAL = "•••";

/** @param salt of the run, so that a personal value cannot be found out by trying values */
export function held(value: Json, isPersonal: boolean, salt: string): Held {
  const text = canonicalText(value);
  const print = createHmac("sha256", salt).update(text).digest("base64url").slice(0, 22);
  if (isPersonal && value !== null) return { text: PERSONAL, print };
  return { text: text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text, print };
}

export const KINDS = ["mismatch", "missing_old", "missing_new", "error"] as const;

/**
 * What became of a difference. `open`: it is still there. `lagging`: proved, both sides agree on what the new side had.
 * `moved`: they agree on something else. `answered`: an error that did not come again. `noise`: the old side disagrees
 * with itself there. `ignored`: by a rule.
 */
export const STATES = ["open", "lagging", "moved", "answered", "noise", "ignored"] as const;
export type State = (typeof STATES)[number];

export const Difference = z.object({
  document: z.string(),
  id: z.string(),
  /** The field of the document: `alerts[].severity`. */
  field: z.string(),
  /** The value of the field: `alerts[A-7].severity`. */
  at: z.string(),
  kind: z.enum(KINDS),
  state: z.enum(STATES),
  old: Held,
  new: Held,
  /** What the new side has had here since the difference was first seen. */
  newPrints: z.array(z.string()),
  /** What an error says. */
  message: z.string().optional(),
  /** What the two values have in common. */
  likeness: z.string().optional(),
  /** The number of the rule that ignores it. */
  rule: z.int().optional(),
  firstSeenMs: z.number(),
  lastSeenMs: z.number(),
  /** How often it was seen. */
  seen: z.int(),
});
export type Difference = z.output<typeof Difference>;

const MAX_PRINTS = 50;

export function firstSeen(
  where: { readonly document: string; readonly id: string },
  compared: Compared,
  { atMs, salt }: { readonly atMs: number; readonly salt: string },
): Difference {
  const { field, at, isPersonal, error } = compared;
  const alike = commonOf(compared);
  const [old, newer] = [held(compared.old, isPersonal, salt), held(compared.new, isPersonal, salt)];
  return {
    ...{ ...where, field, at },
    kind: compared.kind as Difference["kind"],
    state: "open",
    ...{ old, new: newer, newPrints: [newer.print] },
    ...(alike !== undefined && { likeness: alike }),
    ...(error && { message: `${error.side}: ${error.message}` }),
    ...{ firstSeenMs: atMs, lastSeenMs: atMs, seen: 1 },
  };
}

function commonOf({ field, at, kind, old, new: newer }: Compared): string | undefined {
  if (kind === "error") return undefined;
  if (field !== WHOLE && !field.endsWith("[]")) return likeness(old, newer);
  return /#\d+\]$/.test(at) ? `the ${kind === "missing_new" ? "old" : "new"} side has it more than once` : undefined;
}

/** The same difference, seen again: the sides may have other values now. */
export function seenAgain(known: Difference, now: Difference): Difference {
  const again = { lastSeenMs: now.lastSeenMs, seen: known.seen + 1 };
  // An error says nothing about the values that differed before it.
  if (now.kind === "error" && known.kind !== "error") return { ...known, ...again, message: now.message };
  const newPrints = [...new Set([...known.newPrints, ...now.newPrints])].slice(-MAX_PRINTS);
  return { ...now, ...again, state: known.state, firstSeenMs: known.firstSeenMs, newPrints };
}

/** What became of a difference on which the sides agree now. @param print of the value that they agree on */
export function agreed(known: Difference, print: string): State {
  if (known.kind === "error") return "answered";
  return known.newPrints.includes(print) ? "lagging" : "moved";
}
