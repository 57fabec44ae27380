import { fnv1a } from "#base/fnv.ts";

/**
 * One cursor for the positions in several objects, of an ordered list of their keys: `{check}.{cursor}.{cursor}…`, where
 * an object without a position yet has an empty place. The check says which list it is of. For one object it is that
 * object's own cursor.
 */

const SEPARATOR = ".";

/** The cursors of objects: revisions and sequence numbers. */
const CURSOR = /^\d{1,15}$/;

/** @param cursors of the objects in the order of `keys`, in digits; `null` for one without a position yet */
export function positionOf(keys: readonly string[], cursors: readonly (string | null)[]): string {
  const [only = null] = cursors;
  if (keys.length === 1 && only !== null) return only;
  return [checkOf(keys), ...cursors.map((cursor) => cursor ?? "")].join(SEPARATOR);
}

/**
 * @param text what a client sent
 * @returns the cursors in the order of `keys`, `null` for an object without a position; `undefined` if the text is no
 * position in this list of objects: of another list, of the same keys in another order, or no cursor at all
 */
export function parsePosition(text: string, keys: readonly string[]): readonly (string | null)[] | undefined {
  if (keys.length === 1 && CURSOR.test(text)) return [text];
  const [check, ...cursors] = text.split(SEPARATOR);
  if (check !== checkOf(keys) || cursors.length !== keys.length) return undefined;
  if (!cursors.every((cursor) => cursor === "" || CURSOR.test(cursor))) return undefined;
  return cursors.map((cursor) => cursor || null);
}

/** What is said of a text that is no position in a subscription's objects. */
export const BAD_POSITION =
  "The cursor is not of a subscription to these objects in this order. Nothing was subscribed to: send the cursor together with the very list that it was given for, or leave it out to begin anew.";

/** Tells lists apart; a client that forges it harms itself alone. */
const checkOf = (keys: readonly string[]): string => fnv1a(JSON.stringify(keys)).toString(36);
