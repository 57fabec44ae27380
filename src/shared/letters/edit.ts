import * as z from "zod";
import { type EnvelopePlaces, placeOf } from "#contracts/envelope.ts";
import type { Issue } from "#domain/issue.ts";
import { sameContent } from "#domain/register.ts";
import { utf8Bytes } from "#json/bytes.ts";
import { isNestedDeeperThan } from "#json/cut.ts";
import { findUnsafeNumber } from "#json/numbers.ts";
import { parseJson } from "#json/parse-json.ts";
import { EDIT_LIMITS } from "./edit-limits.ts";

/** A JSON Pointer, RFC 6901. Names like `__proto__`, which lead to JavaScript's own objects, are refused. */
const Pointer = z
  .string()
  .max(1_024)
  .regex(/^(?:\/(?:[^~/]|~[01])*)*$/, "must be a JSON pointer, such as /data/mode")
  .refine(
    (path) => !/\/(?:__proto__|constructor|prototype)(?:\/|$)/.test(path),
    "must not name __proto__, constructor or prototype",
  );

const Value = z.unknown().refine((value): boolean => value !== undefined, "is required");

const JsonPatchOp = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("add"), path: Pointer, value: Value }),
  z.strictObject({ op: z.literal("remove"), path: Pointer }),
  z.strictObject({ op: z.literal("replace"), path: Pointer, value: Value }),
  z.strictObject({ op: z.literal("move"), from: Pointer, path: Pointer }),
  z.strictObject({ op: z.literal("copy"), from: Pointer, path: Pointer }),
  z.strictObject({ op: z.literal("test"), path: Pointer, value: Value }),
]);
export type JsonPatchOp = z.output<typeof JsonPatchOp>;

/** A JSON Patch, RFC 6902. */
export const JsonPatch = z.array(JsonPatchOp).min(1).max(EDIT_LIMITS.operations);

export type Edited =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly message: string; readonly issues?: readonly Issue[] };

/** The value in an object that holds it, so that the root is a place like any other. Empty if the value is not JSON. */
export type Holder = { value?: unknown };

/**
 * Edits a record's value: the whole patch is applied, or nothing. The record's event id, device and time cannot be
 * changed if they are valid. A value that is not JSON can only be replaced whole, by an `add` with path "". Never
 * throws.
 * @param places where the topic's source has them, if elsewhere than Concord
 */
export function applyEdit(valueText: string | null, patch: readonly JsonPatchOp[], places?: EnvelopePlaces): Edited {
  const unfit = whyUnfit(patch) ?? whyNotEditable(valueText);
  if (unfit) return unfit;
  const edited = parseHolder(valueText);
  const maxBytes = Math.max(EDIT_LIMITS.bytes, utf8Bytes(valueText ?? ""));
  for (const [i, op] of patch.entries()) {
    // A copy of the whole value into itself doubles it, so the size is checked after each operation and not only at the
    // end.
    const problem =
      applyOperation(edited, op) ?? (op.op === "copy" || op.op === "move" ? beyond(edited, maxBytes) : undefined);
    if (problem) return refuse(`Operation ${i + 1}, ${op.op} ${JSON.stringify(op.path)}: ${problem}.`);
  }
  const problem = beyond(edited, maxBytes);
  if (problem) return refuse(`After the edit ${problem}.`);
  const changed = changedIdentity(parseHolder(valueText), edited, places);
  if (changed.length > 0) {
    const names = changed.map(({ path }) => path).join(", ");
    return refuse(`The edit changes ${names}. A replay keeps the identity and the time of its record.`, changed);
  }
  return { ok: true, value: JSON.stringify(edited.value) };
}

const refuse = (message: string, issues?: readonly Issue[]): Edited => ({
  ok: false,
  message: `${message} Nothing was changed.`,
  ...(issues && { issues }),
});

function whyUnfit(patch: unknown): Edited | undefined {
  const { error } = JsonPatch.safeParse(patch);
  if (error) {
    const issues = error.issues.map(({ path, code, message }) => ({ path: path.join("."), code, message }));
    return refuse("The patch is not a valid JSON Patch (RFC 6902).", issues.slice(0, 20));
  }
  const text = tryStringify(patch);
  if (text === undefined || isNestedDeeperThan(text, EDIT_LIMITS.nesting)) return refuse(`The patch ${TOO_DEEP}.`);
  if (utf8Bytes(text) > EDIT_LIMITS.bytes) return refuse(`The patch is larger than ${EDIT_LIMITS.bytes} bytes.`);
  if (namesProto(text)) return refuse("The patch has a member named __proto__. Remove it.");
  if (holdsInexact(patch))
    return refuse("The patch has a number beyond ±(2^53 − 1), which was rounded before it arrived. Use a smaller one.");
  return undefined;
}

/** Whether some patch could change this value and leave the rest of it exactly as it is. */
export const isEditable = (text: string | null): boolean =>
  parseHolder(text).value !== undefined && whyNotEditable(text) === undefined;

function whyNotEditable(text: string | null): Edited | undefined {
  const { value } = parseHolder(text);
  if (text === null || value === undefined) return undefined;
  if (isNestedDeeperThan(text, EDIT_LIMITS.nesting)) return refuse(`The value ${TOO_DEEP}.`);
  if (namesProto(JSON.stringify(value)))
    return refuse("The value has a member named __proto__, so it cannot be edited. Publish a corrected record.");
  if (findUnsafeNumber(text) !== undefined) {
    return refuse(
      "The value has a number that an edit would round, such as a 64-bit id, so it cannot be edited. Publish a corrected record.",
    );
  }
  return undefined;
}

export function parseHolder(text: string | null): Holder {
  const value = text === null ? undefined : parseJson(text);
  return value === undefined ? {} : { value };
}

/** @returns the problem, if the patch cannot be applied. The holder is then in an undefined state. */
export function applyOperation(holder: Holder, op: JsonPatchOp): string | undefined {
  switch (op.op) {
    case "add":
      return add(holder, op.path, op.value);
    case "remove":
      return remove(holder, op.path);
    case "replace": {
      const place = find(holder, op.path) && findPlace(holder, op.path);
      if (!place) return nothingAt(op.path);
      put(place, op.value);
      return undefined;
    }
    case "copy": {
      const found = find(holder, op.from);
      return found ? add(holder, op.path, found.value) : nothingAt(op.from);
    }
    case "move": {
      const found = find(holder, op.from);
      if (!found) return nothingAt(op.from);
      if (op.path === op.from) return undefined;
      if (op.path.startsWith(`${op.from}/`)) return "a value cannot be moved into itself";
      // `path` is resolved after the removal.
      return remove(holder, op.from) ?? add(holder, op.path, found.value);
    }
    case "test": {
      const found = find(holder, op.path);
      if (!found) return nothingAt(op.path);
      return sameContent(found.value, op.value) ? undefined : "the value there is a different one";
    }
  }
}

/**
 * The place where a path ends, whether or not a value is there: its parent object or list, and the name or index in it.
 */
type Place = { readonly parent: object; readonly name: string };

function findPlace(holder: Holder, path: string): Place | undefined {
  if (path === "") return { parent: holder, name: "value" };
  const slash = path.lastIndexOf("/");
  const parent = find(holder, path.slice(0, slash))?.value;
  if (parent === null || typeof parent !== "object") return undefined;
  return { parent, name: unescapeToken(path.slice(slash + 1)) };
}

function add(holder: Holder, path: string, value: unknown): string | undefined {
  const place = findPlace(holder, path);
  if (!place) return "its parent is neither an object nor a list";
  const { parent, name } = place;
  if (!Array.isArray(parent)) {
    put(place, value);
    return undefined;
  }
  const index = name === "-" ? parent.length : isIndex(name) ? Number(name) : Number.NaN;
  if (!(index <= parent.length)) return `the list has no index ${JSON.stringify(name)}; "-" appends to it`;
  parent.splice(index, 0, deepCopy(value));
  return undefined;
}

function remove(holder: Holder, path: string): string | undefined {
  if (path === "") return "the whole value cannot be removed, only replaced";
  const place = find(holder, path) && findPlace(holder, path);
  if (!place) return nothingAt(path);
  if (Array.isArray(place.parent)) place.parent.splice(Number(place.name), 1);
  else Reflect.deleteProperty(place.parent, place.name);
  return undefined;
}

/**
 * A copy: otherwise the value would belong to the patch, or be in two places, and a later operation would change both.
 */
const put = ({ parent, name }: Place, value: unknown): void => void Reflect.set(parent, name, deepCopy(value));

function deepCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepCopy);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, deepCopy(member)]));
}

/** What is at a path. Only own members and elements count, since every object inherits `toString`. */
export function find(holder: Holder, path: string): { readonly value: unknown } | undefined {
  if (!("value" in holder)) return undefined;
  let { value } = holder;
  for (const token of path.split("/").slice(1).map(unescapeToken)) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, token)) return undefined;
    if (Array.isArray(value) && !isIndex(token)) return undefined;
    value = (value as Record<string, unknown>)[token];
  }
  return { value };
}

export const unescapeToken = (text: string): string => text.replaceAll("~1", "/").replaceAll("~0", "~");

const isIndex = (token: string): boolean => /^(?:0|[1-9]\d*)$/.test(token);

const nothingAt = (path: string): string => `${JSON.stringify(path)} does not exist`;

function beyond({ value }: Holder, maxBytes: number): string | undefined {
  const text = tryStringify(value);
  if (text === undefined || isNestedDeeperThan(text, EDIT_LIMITS.nesting)) return `the value ${TOO_DEEP}`;
  return utf8Bytes(text) > maxBytes ? `the value is larger than ${maxBytes} bytes` : undefined;
}

const TOO_DEEP = `is nested deeper than ${EDIT_LIMITS.nesting} levels`;

/** `undefined` if the value is nested too deeply for `JSON.stringify`. */
function tryStringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** A quote inside a string is escaped in the output of `JSON.stringify`, so only a member name can match this. */
const namesProto = (text: string): boolean => text.includes('"__proto__":');

function holdsInexact(value: unknown): boolean {
  if (typeof value === "number")
    return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
  return value !== null && typeof value === "object" && Object.values(value).some(holdsInexact);
}

/** What identifies a record, and decides which of two is newer. */
const IDENTITY = ["eventId", "occurredAt", "deviceId"] as const;

function changedIdentity(before: Holder, after: Holder, places: EnvelopePlaces | undefined): Issue[] {
  return IDENTITY.flatMap((member) => {
    const { at: path, as } = placeOf(member, places);
    const pointer = `/${path.replaceAll(".", "/")}`;
    const kept = find(before, pointer)?.value;
    if (!as.safeParse(kept).success || find(after, pointer)?.value === kept) return [];
    return [{ path, code: "changed", message: "must not change: it is the record's identity or time" }];
  });
}
