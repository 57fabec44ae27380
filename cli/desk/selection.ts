import type { Selection } from "../../src/shared/desk/api.ts";
import { UsageError } from "../usage-error.ts";
import type { Options } from "./command.ts";

/** Options that narrow letters down, by the names that the API has for them. */
export const FILTER = {
  state: { type: "string", description: "open, replaying, resolved, discarded or quarantined" },
  topic: { type: "string", description: "A topic" },
  source: { type: "string", description: "infinity, elt or ecobee" },
  device: { type: "string", description: "A device's key, as elt:T-1" },
  reason: { type: "string", description: "Why it failed: schema_mismatch, fault, …" },
  group: { type: "string", description: "A group's id" },
  since: { type: "string", description: "Failed last at this time or later (RFC 3339)" },
  until: { type: "string", description: "Failed last before this time" },
  text: { type: "string", description: "Words of it that are not personal" },
} as const satisfies Options;

export const SELECTION = {
  ...FILTER,
  id: { type: "string", multiple: true, description: "A letter's id; repeat it" },
} as const satisfies Options;

export function filterOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.keys(FILTER).flatMap((name): [string, string][] => {
    const value = values[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  // A script's empty variable must not widen what it asks for.
  const [empty] = given.filter(([, value]) => value.trim() === "");
  if (empty) throw new UsageError(`--${empty[0]} is empty`);
  return Object.fromEntries(given);
}

/** What is to be done something to: letters by id, a group, or a filter. Nothing at all is refused, for it would mean all. */
export function selectionOf(values: Readonly<Record<string, unknown>>): Selection {
  const filter = filterOf(values);
  const ids = values.id as string[] | undefined;
  if (ids && Object.keys(filter).length > 0) throw new UsageError("--id goes alone, without a filter");
  if (ids) return { ids };
  if (Object.keys(filter).length === 0)
    throw new UsageError("say which letters: --id, --group, or a filter as --topic, --reason, --device");
  const { group, ...others } = filter;
  return group !== undefined && Object.keys(others).length === 0 ? { group } : ({ filter } as Selection);
}

/** How much of a list. */
export const PAGING = {
  first: { type: "string", description: "How many, 1 to 100 (25)" },
  all: { type: "boolean", description: "All there are, page by page; with --json a line each" },
} as const satisfies Options;
