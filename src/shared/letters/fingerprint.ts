import { sha256Hex } from "#base/digest.ts";
import { type Field, listFields, toJsonSchema } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { isTopic } from "#contracts/topic.ts";
import type { Failure } from "./letter.ts";

/** How many issues a signature names. The rest is only counted: a payload that is wrong everywhere has one cause. */
const MAX_NAMED = 5;

/**
 * What failures that probably have one cause have in common: topic, reason, and where and how the payload broke its
 * schema. One line. It contains no text that a client wrote: no message, and no member that the contract does not
 * declare.
 */
export function signatureOf(topic: string, failure: Failure): string {
  const cause = causeOf(topic, failure);
  return [named(topic), word(failure.reason), ...(cause === undefined ? [] : [cause])].join(" · ");
}

function causeOf(topic: string, failure: Failure): string | undefined {
  switch (failure.reason) {
    case "schema_mismatch": {
      const issues = failure.issues.map(({ code, path }) => `${word(code)} at ${foldPath(topic, path)}`);
      const distinct = [...new Set(issues)].sort();
      const others = distinct.length - MAX_NAMED;
      return [...distinct.slice(0, MAX_NAMED), ...(others > 0 ? [`${others} more`] : [])].join(", ");
    }
    case "fault": {
      const { name, at } = failure.error;
      return at === undefined ? word(name) : `${word(name)} in ${word(at)}`;
    }
    default:
      return undefined;
  }
}

/** A signature's hash in 16 hex digits: 64 bits are enough for thousands of groups. */
export const fingerprintOf = (signature: string): Promise<string> => sha256Hex(signature, 8);

/**
 * Only names that code could have are kept. Anything else is replaced, since letters may be imported and hold any text.
 */
const word = (text: string): string => (/^[\w$.#]{1,100}$/.test(text) ? text : "*");

/** A topic outside the grammar may hold any text of any length. */
const named = (topic: string): string => (isTopic(topic) ? topic : "no topic");

/** `data.features.3` as `data.features[]`. What the topic's contract does not name is `*`. */
export function foldPath(topic: string, path: string): string {
  if (path === "") return "value";
  return knownPath(topic, path).replace(/\.\d+(?=\.|$)/g, "[]");
}

/** A path as far as the topic's contract names it, and `*` for the rest, since names of members may be any text too. */
export function knownPath(topic: string, path: string): string {
  const known = knownPaths(topic);
  const segments = path === "" ? [] : path.split(".");
  let folded = "";
  for (const [i, segment] of segments.entries()) {
    folded = /^\d+$/.test(segment) ? `${folded}[]` : folded === "" ? segment : `${folded}.${segment}`;
    if (!known.has(folded)) return [...segments.slice(0, i), "*"].join(".");
  }
  return path;
}

const paths = new Map<string, ReadonlySet<string>>();

function knownPaths(topic: string): ReadonlySet<string> {
  const known = paths.get(topic);
  if (known) return known;
  const contract = CONTRACTS.find(
    (each) => each.topic === topic || each.aliases.some((alias) => alias.topic === topic),
  );
  const fields: readonly Field[] = contract ? listFields(toJsonSchema(contract)) : [];
  // A list's elements are fields too, whether or not they have members.
  const found = new Set(fields.flatMap(({ path, schema }) => [path, ...(schema.items ? [`${path}[]`] : [])]));
  if (contract) paths.set(topic, found);
  return found;
}
