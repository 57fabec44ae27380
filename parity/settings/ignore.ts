import { escapePattern } from "#base/escape-pattern.ts";
import type { IgnoreSpec } from "./schema.ts";

/** A field as rules and reports name it: `device.alerts[].severity`; a document as a whole is `device`. */
export const fullName = (document: string, field: string): string => (field === "" ? document : `${document}.${field}`);

/** Whether a rule's field means this one: `*` stands for any part of a name. */
export function fieldPattern(pattern: string): (name: string) => boolean {
  const expression = new RegExp(`^${pattern.split("*").map(escapePattern).join(".*")}$`);
  return (name) => expression.test(name);
}

export type RuleFor = (where: { document: string; field: string; id: string }) => number | undefined;

/** The number of the first rule that ignores a difference. */
export function ruleFinder(rules: readonly IgnoreSpec[]): RuleFor {
  const compiled = rules.map(({ field, ids }) => ({ isMeant: fieldPattern(field), ids: ids && new Set(ids) }));
  return ({ document, field, id }) => {
    const name = fullName(document, field);
    const found = compiled.findIndex(({ isMeant, ids }) => isMeant(name) && (ids?.has(id) ?? true));
    return found < 0 ? undefined : found;
  };
}

/** The last moment at which a rule counts. */
export const expiryMs = ({ until }: IgnoreSpec): number => Date.parse(`${until}T23:59:59.999Z`);
