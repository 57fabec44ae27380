import { sameContent } from "#domain/register.ts";

export type FieldDifference = { readonly path: string; readonly live: unknown; readonly archived: unknown };

/**
 * The members in which two JSON values differ, by their paths; lists are compared as a whole.
 * @param path of the values themselves
 */
export function differingFields(path: string, live: unknown, archived: unknown): FieldDifference[] {
  if (sameContent(live ?? null, archived ?? null)) return [];
  if (!isPlainObject(live) || !isPlainObject(archived)) {
    return [{ path, live: live ?? null, archived: archived ?? null }];
  }
  const names = [...new Set([...Object.keys(live), ...Object.keys(archived)])].sort();
  return names.flatMap((name) => differingFields(`${path}.${name}`, live[name], archived[name]));
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
