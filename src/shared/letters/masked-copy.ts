import { applyOperation, find, type Holder, type JsonPatchOp, parseHolder, unescapeToken } from "./edit.ts";
import { knownPath } from "./fingerprint.ts";
import { isMask, MASK, maskCopy, maskScalars } from "./mask.ts";

/**
 * A payload of the same shape, with a mask in place of every value that must not be shown. Patches are applied to it as
 * to the payload itself, so a personal value that a patch copies or moves is masked wherever it ends. Comparing values
 * instead would confirm a guess that somebody writes into a patch.
 */
export type MaskedCopy = { readonly topic: string } & Holder;

/**
 * The copy of what a letter's replays send.
 * @param patches of its edits, first to last; if some are unknown, as after an import, everything is masked
 */
export function makeMaskedCopy(
  { topic, value, edited, revision }: { topic: string; value: string | null; edited: string | null; revision: number },
  patches: readonly (readonly JsonPatchOp[])[],
): MaskedCopy {
  if (revision === 0) return masked(topic, parseHolder(value), "record");
  const original =
    patches.length === revision && edited !== null ? masked(topic, parseHolder(value), "record") : undefined;
  const copy = patches.reduce<MaskedCopy | undefined>((before, patch) => before && afterPatch(before, patch), original);
  return copy ?? { topic };
}

/** @returns the result of a patch, if it can be applied */
export function afterPatch(before: MaskedCopy, patch: readonly JsonPatchOp[]): MaskedCopy | undefined {
  let copy = structuredClone(before);
  for (const op of patch) {
    if (op.op === "test") continue;
    if (applyOperation(copy, op) !== undefined) return undefined;
    // A value that a patch itself puts in a personal place is personal from then on.
    copy = masked(copy.topic, copy, "copy");
  }
  return copy;
}

/**
 * Where a patch tests a masked value, or whether a member that no contract declares exists: the result would confirm or
 * refute a guess.
 */
export function maskedTestIn(before: MaskedCopy, patch: readonly JsonPatchOp[]): string | undefined {
  let copy: MaskedCopy | undefined = before;
  for (const op of patch) {
    if (op.op !== "test") {
      copy = copy && afterPatch(copy, [op]);
      continue;
    }
    const found = copy && find(copy, op.path);
    if (found ? holdsMask(found.value) : !isDeclared(before.topic, op.path)) return op.path;
  }
  return undefined;
}

/** What may be shown of it, as JSON text. */
export const printMasked = ({ topic, ...holder }: MaskedCopy): string =>
  JSON.stringify("value" in holder ? maskCopy(topic, holder.value) : MASK);

const masked = (topic: string, holder: Holder, origin: "record" | "copy"): MaskedCopy =>
  "value" in holder ? { topic, value: maskScalars(topic, holder.value, origin) } : { topic };

const holdsMask = (value: unknown): boolean =>
  typeof value === "object" && value !== null ? Object.values(value).some(holdsMask) : isMask(value);

function isDeclared(topic: string, pointer: string): boolean {
  const path = pointer.split("/").slice(1).map(unescapeToken).join(".");
  return knownPath(topic, path) === path;
}
