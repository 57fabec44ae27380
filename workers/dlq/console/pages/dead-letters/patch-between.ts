import { differenceBetween } from "../../../../../src/shared/desk/difference.ts";
import { EDIT_LIMITS } from "../../../../../src/shared/desk/edit-limits.ts";
import { nestsDeeperThan } from "../../../../../src/shared/json/cut.ts";
import { unsafeNumberIn } from "../../../../../src/shared/json/numbers.ts";

export type MadePatch =
  | { readonly ok: true; readonly patch: readonly object[] }
  | { readonly ok: false; readonly message: string };

/** What turns one JSON text into another, as RFC 6902 writes it; or why that cannot be said. */
export function patchBetween(before: string, after: string): MadePatch {
  const unfit = whyNotEditable(before) ?? whyUnfit(after);
  if (unfit) return { ok: false, message: unfit };
  const patch = differenceBetween(JSON.parse(before), JSON.parse(after));
  return patch.length === 0 ? { ok: false, message: "Nothing is changed yet." } : { ok: true, patch };
}

/** Why no edit of this payload is possible, for whoever has not begun one yet. */
export function whyNotEditable(text: string): string | undefined {
  if (textOrProblem(text) !== undefined) return "The payload is not JSON, so no patch can change it.";
  const rounded = unsafeNumberIn(text);
  if (rounded === undefined) return undefined;
  return `The payload holds ${rounded}, which an edit would round. Only its producer can send it again.`;
}

function whyUnfit(text: string): string | undefined {
  const problem = textOrProblem(text);
  if (problem !== undefined) return `This is not JSON: ${problem}.`;
  if (nestsDeeperThan(text, EDIT_LIMITS.nesting)) return `This nests deeper than ${EDIT_LIMITS.nesting} levels.`;
  const rounded = unsafeNumberIn(text);
  return rounded === undefined ? undefined : `${rounded} would be rounded. Write it as a string, or with fewer digits.`;
}

/** A patch that somebody has written himself. What it may hold, the API says. */
export function patchIn(text: string): MadePatch {
  const problem = textOrProblem(text);
  if (problem !== undefined) return { ok: false, message: `This is not JSON: ${problem}.` };
  const rounded = unsafeNumberIn(text);
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
