import { type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import { valuesOf } from "./one-of.ts";
import { isBeginning, searchWordsIn } from "./search-text.ts";
import { devices, deviceTexts } from "./tables.ts";

/**
 * How many devices one search finds at most: those whose names came first. It bounds what a word reads that a whole fleet
 * has in common. Our choice.
 */
export const MAX_FOUND = 1_000;

/** Whose devices a search looks among, beside the scope: those of all of these dealers together; absent and null for all. */
type Among = { readonly dealerIds?: readonly string[] | null | undefined };

/** A SELECT of the devices that a search finds in a scope, in no order. @throws RangeError for a text that is no search */
export const foundDevices = (scope: Scope, search: string, among: Among = {}): SQL =>
  sql`SELECT ${devices}.* FROM (${foundKeys(scope, search, among)}) AS found
    CROSS JOIN ${devices} ON ${devices.key} = found.key`;

/** A SELECT of their keys. */
export function foundKeys(scope: Scope, search: string, among: Among = {}, limit: number = MAX_FOUND): SQL {
  const match = matchOf(scope, search, among);
  if (match === null) return sql`SELECT ${deviceTexts.key} AS key FROM ${deviceTexts} WHERE false`;
  return sql`SELECT t.key AS key FROM device_search CROSS JOIN ${deviceTexts} AS t ON t.id = device_search.rowid
    WHERE device_search MATCH ${match} LIMIT ${limit}`;
}

/** Whether more devices match a search than are found. */
export const findsMore = (scope: Scope, search: string, among: Among): SQL<boolean> =>
  sql`(SELECT count(*) FROM (${foundKeys(scope, search, among, MAX_FOUND + 1)})) > ${MAX_FOUND}`;

/** The query of the full-text index. Each word is quoted, so that nothing in it is syntax. `null`: nobody's devices. */
function matchOf(scope: Scope, search: string, { dealerIds }: Among): string | null {
  const words = searchWordsIn(search);
  const asked = words.map((word, i) => {
    const quoted = `"${word.replaceAll('"', '""')}"`;
    return i === words.length - 1 && isBeginning(word) ? `${quoted} *` : quoted;
  });
  const text = `{name serial customer} : (${asked.join(" AND ")})`;
  const seen = scope.role === "dealer" ? scope.dealerIds : null;
  const owners = valuesOf(null, dealerIds)?.filter((id) => seen?.includes(id) ?? true) ?? seen;
  if (owners === null) return text;
  return owners.length === 0 ? null : `${text} AND owner : (${owners.map(ownerWord).join(" OR ")})`;
}

/** As the view `device_words` has it. */
const ownerWord = (dealerId: string): string =>
  `d${Array.from(new TextEncoder().encode(dealerId), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
