import { sameContent } from "#domain/register.ts";
import type { JsonPatchOp } from "./edit.ts";

/**
 * The operations of a JSON Patch (RFC 6902) that turn one JSON value into another, in linear time. Of two lists only
 * the common beginning and end are kept, not the longest common subsequence.
 */
export function differenceBetween(before: unknown, after: unknown, path = ""): JsonPatchOp[] {
  if (Array.isArray(before) && Array.isArray(after)) return differenceOfLists(before, after, path);
  if (isObject(before) && isObject(after)) return differenceOfMembers(before, after, path);
  return sameContent(before, after) ? [] : [{ op: "replace", path, value: after }];
}

type Members = { readonly [name: string]: unknown };

function differenceOfMembers(before: Members, after: Members, path: string): JsonPatchOp[] {
  const placeOf = (name: string) => `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const names = Object.keys(after);
  return [
    ...Object.keys(before)
      .filter((name) => !Object.hasOwn(after, name))
      .map((name) => ({ op: "remove" as const, path: placeOf(name) })),
    ...names
      .filter((name) => !Object.hasOwn(before, name))
      .map((name) => ({ op: "add" as const, path: placeOf(name), value: after[name] })),
    ...names
      .filter((name) => Object.hasOwn(before, name))
      .flatMap((name) => differenceBetween(before[name], after[name], placeOf(name))),
  ];
}

function differenceOfLists(before: readonly unknown[], after: readonly unknown[], path: string): JsonPatchOp[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && sameContent(before[start], after[start])) start++;
  let end = 0;
  while (end < shorter - start && sameContent(before.at(-1 - end), after.at(-1 - end))) end++;
  const [had, has] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const placeOf = (i: number) => `${path}/${start + i}`;
  const both = Math.min(had.length, has.length);
  return [
    ...has.slice(0, both).flatMap((value, i) => differenceBetween(had[i], value, placeOf(i))),
    // From last to first, so that a removal does not shift the indexes of the others.
    ...had.slice(both).map((_, i, gone) => ({ op: "remove" as const, path: placeOf(both + gone.length - 1 - i) })),
    ...has.slice(both).map((value, i) => ({ op: "add" as const, path: placeOf(both + i), value })),
  ];
}

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
