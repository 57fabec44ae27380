import { isObject, type Json } from "../json.ts";

/** A member, or each item of a list. */
export type Step = { readonly member: string } | "each";
export type Path = readonly Step[];

/** Where a value is in an answer, as in the `path` of a GraphQL error. */
export type Place = readonly (string | number)[];

/** `alerts.edges[].node`: members, and `[]` behind a list whose items are meant. */
export const PATH = /^[A-Za-z_]\w*(\[\])?(\.[A-Za-z_]\w*(\[\])?)*$/;

export function parsePath(text: string): Path {
  return text
    .split(".")
    .flatMap((part): Step[] => (part.endsWith("[]") ? [{ member: part.slice(0, -2) }, "each"] : [{ member: part }]));
}

/** The members of a path, without its lists. */
export const membersOf = (path: Path): string[] => path.flatMap((step) => (step === "each" ? [] : step.member));

/** A value with its place, or the place of the null that hides it. */
export type Found =
  | { readonly kind: "value"; readonly value: Json; readonly at: Place }
  | { readonly kind: "null"; readonly at: Place };

/** The settings take something for a list that is none, or the other way round: what is read would look the same on both sides. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/**
 * What a path leads to. A path with `[]` may lead to any number of values.
 * @throws ShapeError where the answer has a list and the path none, or the other way round
 */
export function follow(value: Json | undefined, path: Path, at: Place): Found[] {
  if (value === null || value === undefined) return [{ kind: "null", at }];
  const [step, ...rest] = path;
  if (step === undefined) return [{ kind: "value", value, at }];
  const isList = Array.isArray(value);
  if (step === "each") {
    if (!isList) throw new ShapeError(`${at.join(".")} is not a list, and its path has [] behind it. Leave that out.`);
    return value.flatMap((item, i) => follow(item as Json, rest, [...at, i]));
  }
  if (isList)
    throw new ShapeError(
      `${at.join(".")} is a list. Give it a field of its own, with the key by which its items find each other.`,
    );
  return follow(isObject(value) ? value[step.member] : null, rest, [...at, step.member]);
}
