import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import type { Version } from "../account/account.ts";

/** What is read of `TOKEN_KEYS`. An earlier release may have had it in another form, or not at all. */
const Keys = z.object({ keys: z.array(z.object({ kid: z.string(), x: z.string() })) });

/** Names of the keys that an earlier version accepts and the served one does not: `TOKEN_KEYS` is a variable of both. */
export function revivedKeys(served: Version, earlier: Version): string[] {
  const now = new Set(keysOf(served).map(({ x }) => x));
  return keysOf(earlier).flatMap(({ kid, x }) => (now.has(x) ? [] : [kid]));
}

function keysOf({ resources }: Version) {
  const text = resources?.bindings.find(({ name }) => name === "TOKEN_KEYS")?.text;
  return Keys.safeParse(parseJson(text ?? "")).data?.keys ?? [];
}
