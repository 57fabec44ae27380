import { type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import { isBeginning, searchWordsIn } from "./search-text.ts";
import { devices, deviceTexts } from "./tables.ts";

/**
 * How many devices one search finds at most: those whose names came first. It bounds what a word reads that a whole fleet
 * has in common. Our choice.
 */
export const MAX_FOUND = 1_000;

/** A SELECT of the devices that a search finds in a scope, in no order. @throws RangeError for a text that is no search */
export const foundDevices = (scope: Scope, search: string, dealerId?: string | null): SQL =>
  sql`SELECT ${devices}.* FROM (${foundKeys(scope, search, { dealerId })}) AS found
    CROSS JOIN ${devices} ON ${devices.key} = found.key`;

/** A SELECT of their keys. @param more one more than are shown, to know whether there are more */
export function foundKeys(
  scope: Scope,
  search: string,
  { dealerId, more = 0 }: { readonly dealerId?: string | null | undefined; readonly more?: 0 | 1 } = {},
): SQL {
  const match = matchOf(scope, search, dealerId ?? null);
  if (match === null) return sql`SELECT ${deviceTexts.key} AS key FROM ${deviceTexts} WHERE false`;
  return sql`SELECT t.key AS key FROM device_search CROSS JOIN ${deviceTexts} AS t ON t.id = device_search.rowid
    WHERE device_search MATCH ${match} LIMIT ${MAX_FOUND + more}`;
}

/** The query of the full-text index. Each word is quoted, so that nothing in it is syntax. `null`: nobody's devices. */
function matchOf(scope: Scope, search: string, dealerId: string | null): string | null {
  const words = searchWordsIn(search);
  const asked = words.map((word, i) => {
    const quoted = `"${word.replaceAll('"', '""')}"`;
    return i === words.length - 1 && isBeginning(word) ? `${quoted} *` : quoted;
  });
  const text = `{name serial customer} : (${asked.join(" AND ")})`;
  const seen = scope.role === "dealer" ? scope.dealerIds : null;
  const owners = dealerId === null ? seen : (seen ?? [dealerId]).filter((id) => id === dealerId);
  if (owners === null) return text;
  return owners.length === 0 ? null : `${text} AND owner : (${owners.map(ownerWord).join(" OR ")})`;
}

/** As the view `device_words` has it. */
const ownerWord = (dealerId: string): string =>
  `d${Array.from(new TextEncoder().encode(dealerId), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
