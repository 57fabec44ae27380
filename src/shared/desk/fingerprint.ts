import { type Field, fieldsOf, jsonSchemaOf } from "../contracts/describe.ts";
import { CONTRACTS } from "../contracts/index.ts";
import { keepsTopicGrammar } from "../contracts/topic.ts";
import { digestOf } from "../digest.ts";
import type { Failure } from "../queue/letter.ts";

/** Issues that a signature names, beyond which it only counts them: a payload that is wrong all over is one thing. */
const MAX_NAMED = 5;

/**
 * What failures have in common whose cause is likely one: their topic, their reason, and where and how a payload broke
 * its schema. In one line, and never with anything that a client wrote: not a message, not a member that the contract
 * does not know.
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

/** 16 hex digits that stand for a signature: 64 bits, for groups in their thousands. */
export const fingerprintOf = (signature: string): Promise<string> => digestOf(signature, 8);

/** What code calls things stays; anything else could be anything, since letters may be imported. */
const word = (text: string): string => (/^[\w$.#]{1,100}$/.test(text) ? text : "*");

/** A topic that keeps no grammar may hold anything, of any length. */
const named = (topic: string): string => (keepsTopicGrammar(topic) ? topic : "no topic");

/** `data.features.3` as `data.features[]`; what the topic's contract does not name is `*`. */
export function foldPath(topic: string, path: string): string {
  if (path === "") return "value";
  return knownPath(topic, path).replace(/\.\d+(?=\.|$)/g, "[]");
}

/** A path as far as the topic's contract names it, and `*` for the rest: names of members may be anybody's text too. */
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
  const fields: readonly Field[] = contract ? fieldsOf(jsonSchemaOf(contract)) : [];
  // A list's elements are fields too, whether or not they have members.
  const found = new Set(fields.flatMap(({ path, schema }) => [path, ...(schema.items ? [`${path}[]`] : [])]));
  if (contract) paths.set(topic, found);
  return found;
}
