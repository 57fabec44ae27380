import { isNestedDeeperThan } from "#json/cut.ts";
import { findUnsafeNumber } from "#json/numbers.ts";
import { differenceBetween } from "#letters/difference.ts";
import { EDIT_LIMITS } from "#letters/edit-limits.ts";

export type MadePatch =
  | { readonly ok: true; readonly patch: readonly object[] }
  | { readonly ok: false; readonly message: string };

/** The JSON Patch (RFC 6902) from one JSON text to another, or why there is none. */
export function patchBetween(before: string, after: string): MadePatch {
  const unfit = whyNotEditable(before) ?? whyUnfit(after);
  if (unfit) return { ok: false, message: unfit };
  const patch = differenceBetween(JSON.parse(before), JSON.parse(after));
  return patch.length === 0 ? { ok: false, message: "Nothing is changed yet." } : { ok: true, patch };
}

/** Why no edit of this payload is possible. */
export function whyNotEditable(text: string): string | undefined {
  if (textOrProblem(text) !== undefined) return "The payload is not JSON, so no patch can change it.";
  const rounded = findUnsafeNumber(text);
  if (rounded === undefined) return undefined;
  return `The payload holds ${rounded}, which an edit would round. Only its producer can send it again.`;
}

function whyUnfit(text: string): string | undefined {
  const problem = textOrProblem(text);
  if (problem !== undefined) return `This is not JSON: ${problem}.`;
  if (isNestedDeeperThan(text, EDIT_LIMITS.nesting)) return `This is nested deeper than ${EDIT_LIMITS.nesting} levels.`;
  const rounded = findUnsafeNumber(text);
  return rounded === undefined ? undefined : `${rounded} would be rounded. Write it as a string, or with fewer digits.`;
}

/** A patch that the user has written. The API checks what it contains. */
export function patchIn(text: string): MadePatch {
  const problem = textOrProblem(text);
  if (problem !== undefined) return { ok: false, message: `This is not JSON: ${problem}.` };
  const rounded = findUnsafeNumber(text);
  if (rounded !== undefined) return { ok: false, message: `${rounded} would be rounded.` };
  const patch: unknown = JSON.parse(text);
  const isPatch = Array.isArray(patch) && patch.every((each) => typeof each === "object" && each !== null);
  if (!isPatch)
    return { ok: false, message: 'A patch is a list of operations: [{"op":"replace","path":"…","value":…}].' };
  return patch.length === 0 ? { ok: false, message: "The patch changes nothing." } : { ok: true, patch };
}

function textOrProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
