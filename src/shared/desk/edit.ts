import * as z from "zod";
import { DeviceId, EventId, OccurredAt } from "../contracts/define.ts";
import type { Issue } from "../domain/issue.ts";
import { sameContent } from "../domain/register.ts";
import { utf8Bytes } from "../json/bytes.ts";
import { nestsDeeperThan } from "../json/cut.ts";
import { unsafeNumberIn } from "../json/numbers.ts";
import { parseJson } from "../json/parse-json.ts";
import { EDIT_LIMITS } from "./edit-limits.ts";

/** RFC 6901. Names that lead out of a value into JavaScript are no way into it. */
const Pointer = z
  .string()
  .max(1_024)
  .regex(/^(?:\/(?:[^~/]|~[01])*)*$/, "must be a JSON pointer, such as /data/mode")
  .refine((path) => !/\/(?:__proto__|constructor|prototype)(?:\/|$)/.test(path), "must not lead into JavaScript");

const Value = z.unknown().refine((value): boolean => value !== undefined, "is missing");

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

/** The value in a holder, so that the root is a place like any other; empty when it is not JSON. */
export type Holder = { value?: unknown };

/**
 * Edits a record's value: all of the patch or nothing. What makes it that record stays, as far as it is valid: its event
 * id, its device and its time. A value that is not JSON has nothing to change, and can only be added whole (path "").
 * Never throws.
 */
export function applyEdit(valueText: string | null, patch: readonly JsonPatchOp[]): Edited {
  const unfit = whyUnfit(patch) ?? whyNotEditable(valueText);
  if (unfit) return unfit;
  const edited = holderOf(valueText);
  const maxBytes = Math.max(EDIT_LIMITS.bytes, utf8Bytes(valueText ?? ""));
  for (const [i, op] of patch.entries()) {
    // A copy of the whole into itself doubles it: a hundred of them must not come so far as the check at the end.
    const problem =
      applyOperation(edited, op) ?? (op.op === "copy" || op.op === "move" ? beyond(edited, maxBytes) : undefined);
    if (problem) return refuse(`Operation ${i + 1}, ${op.op} ${JSON.stringify(op.path)}: ${problem}.`);
  }
  const problem = beyond(edited, maxBytes);
  if (problem) return refuse(`After the edit ${problem}.`);
  const changed = changedIdentity(holderOf(valueText), edited);
  if (changed.length > 0) {
    const names = changed.map(({ path }) => path).join(", ");
    return refuse(`The edit changes ${names}, and a replay keeps the identity and the time of its record.`, changed);
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
    return refuse("This is not a JSON Patch (RFC 6902) that can be applied.", issues.slice(0, 20));
  }
  const text = textOf(patch);
  if (text === undefined || nestsDeeperThan(text, EDIT_LIMITS.nesting)) return refuse(`The patch ${TOO_DEEP}.`);
  if (utf8Bytes(text) > EDIT_LIMITS.bytes) return refuse(`The patch has more than ${EDIT_LIMITS.bytes} bytes.`);
  if (namesProto(text)) return refuse("The patch holds a member that is named __proto__.");
  if (holdsInexact(patch)) return refuse("The patch holds a number that was too large to get here unrounded.");
  return undefined;
}

function whyNotEditable(text: string | null): Edited | undefined {
  const { value } = holderOf(text);
  if (text === null || value === undefined) return undefined;
  if (nestsDeeperThan(text, EDIT_LIMITS.nesting)) return refuse(`The value ${TOO_DEEP}.`);
  if (namesProto(JSON.stringify(value))) return refuse("The value has a member that is named __proto__.");
  if (unsafeNumberIn(text) !== undefined) {
    return refuse("The value holds a number that JavaScript would round, such as a 64-bit id, and an edit would too.");
  }
  return undefined;
}

export function holderOf(text: string | null): Holder {
  const value = text === null ? undefined : parseJson(text);
  return value === undefined ? {} : { value };
}

/** @returns what is wrong with it, if it cannot be applied. Then the holder means nothing any more. */
export function applyOperation(holder: Holder, op: JsonPatchOp): string | undefined {
  switch (op.op) {
    case "add":
      return add(holder, op.path, op.value);
    case "remove":
      return remove(holder, op.path);
    case "replace": {
      const place = find(holder, op.path) && placeOf(holder, op.path);
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
      if (op.path.startsWith(`${op.from}/`)) return "it would move into itself";
      // `path` is read after the removal.
      return remove(holder, op.from) ?? add(holder, op.path, found.value);
    }
    case "test": {
      const found = find(holder, op.path);
      if (!found) return nothingAt(op.path);
      return sameContent(found.value, op.value) ? undefined : "something else is there";
    }
  }
}

/** Where a path ends, whether anything is there or not: the object or list, and the name or index in it. */
type Place = { readonly parent: object; readonly name: string };

function placeOf(holder: Holder, path: string): Place | undefined {
  if (path === "") return { parent: holder, name: "value" };
  const slash = path.lastIndexOf("/");
  const parent = find(holder, path.slice(0, slash))?.value;
  if (parent === null || typeof parent !== "object") return undefined;
  return { parent, name: tokenOf(path.slice(slash + 1)) };
}

function add(holder: Holder, path: string, value: unknown): string | undefined {
  const place = placeOf(holder, path);
  if (!place) return "there is nothing it could be added to";
  const { parent, name } = place;
  if (!Array.isArray(parent)) {
    put(place, value);
    return undefined;
  }
  const index = name === "-" ? parent.length : isIndex(name) ? Number(name) : Number.NaN;
  if (!(index <= parent.length)) return "the list has no such index";
  parent.splice(index, 0, copyOf(value));
  return undefined;
}

function remove(holder: Holder, path: string): string | undefined {
  if (path === "") return "a value cannot be without itself";
  const place = find(holder, path) && placeOf(holder, path);
  if (!place) return nothingAt(path);
  if (Array.isArray(place.parent)) place.parent.splice(Number(place.name), 1);
  else Reflect.deleteProperty(place.parent, place.name);
  return undefined;
}

/** The value itself would be the patch's, or stand in two places, and a later operation would change both. */
const put = ({ parent, name }: Place, value: unknown): void => void Reflect.set(parent, name, copyOf(value));

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
}

/** What is at a path, of own members and elements only: any object has a `/toString`. */
export function find(holder: Holder, path: string): { readonly value: unknown } | undefined {
  if (!("value" in holder)) return undefined;
  let { value } = holder;
  for (const token of path.split("/").slice(1).map(tokenOf)) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, token)) return undefined;
    if (Array.isArray(value) && !isIndex(token)) return undefined;
    value = (value as Record<string, unknown>)[token];
  }
  return { value };
}

export const tokenOf = (text: string): string => text.replaceAll("~1", "/").replaceAll("~0", "~");

const isIndex = (token: string): boolean => /^(?:0|[1-9]\d*)$/.test(token);

const nothingAt = (path: string): string => `there is nothing at ${JSON.stringify(path)}`;

function beyond({ value }: Holder, maxBytes: number): string | undefined {
  const text = textOf(value);
  if (text === undefined || nestsDeeperThan(text, EDIT_LIMITS.nesting)) return `the value ${TOO_DEEP}`;
  return utf8Bytes(text) > maxBytes ? `the value has more than ${maxBytes} bytes` : undefined;
}

const TOO_DEEP = `nests deeper than ${EDIT_LIMITS.nesting} levels`;

/** `undefined` for what is too deep even to be written. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** In text that JSON.stringify wrote, a quote inside a string is escaped, so only a member can look like this. */
const namesProto = (text: string): boolean => text.includes('"__proto__":');

function holdsInexact(value: unknown): boolean {
  if (typeof value === "number")
    return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
  return value !== null && typeof value === "object" && Object.values(value).some(holdsInexact);
}

/** What tells a record apart, and which of two is newer. */
const IDENTITY = { eventId: EventId, occurredAt: OccurredAt, deviceId: DeviceId };

function changedIdentity(before: Holder, after: Holder): Issue[] {
  return Object.entries(IDENTITY).flatMap(([path, schema]) => {
    const kept = find(before, `/${path}`)?.value;
    if (!schema.safeParse(kept).success || find(after, `/${path}`)?.value === kept) return [];
    return [{ path, code: "changed", message: "must stay as it is: it is the record's identity or time" }];
  });
}
