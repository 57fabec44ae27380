import { canonicalText } from "#domain/register.ts";
import type { AnswerError, Outcome } from "../ask/answer.ts";
import type { Json } from "../json.ts";
import { type Found, follow, type Place } from "../plan/path.ts";
import {
  type ComparisonPlan,
  type FieldPlan,
  type LeafPlan,
  type ListPlan,
  type Reader,
  type SideName,
  WHOLE,
} from "../plan/plan.ts";

/** `missing_old`: the old side has nothing there, and the new one does. */
export type Kind = "match" | "mismatch" | "missing_old" | "missing_new" | "error";

/** A place in two answers, and how they compare there. */
export type Compared = {
  /** Which field it is: `alerts[].severity`; `alerts[]` is whether an item of the list is there. */
  readonly field: string;
  /** Which value of it: `alerts[A-7].severity`. */
  readonly at: string;
  readonly kind: Kind;
  readonly old: Json;
  readonly new: Json;
  readonly isPersonal: boolean;
  /** Of an error: the side it is of, and what that said. */
  readonly error?: { readonly side: SideName; readonly message: string };
};

/** What an item of a list, or a document as a whole, has for a value. */
export const [PRESENT, ABSENT] = ["present", "absent"] as const;

/** Compares the answers of both sides, field by field. @throws ShapeError */
export function compareOutcomes(plan: ComparisonPlan, old: Outcome, newer: Outcome): Compared[] {
  const sides: readonly (readonly [SideName, Outcome])[] = [
    ["old", old],
    ["new", newer],
  ];
  for (const [side, outcome] of sides)
    if (outcome.kind === "failed") return [errorAt(WHOLE, "", { side, message: outcome.message })];
  if (old.kind === "failed" || newer.kind === "failed") return [];

  const hit = { old: new Set<AnswerError>(), new: new Set<AnswerError>() };
  const [oldErrors, newErrors] = [errorsOf(old.errors, hit.old), errorsOf(newer.errors, hit.new)];
  const context: Context = { errors: { old: oldErrors, new: newErrors } };
  const found = [
    foundIn(old.data, plan.old.root, "old", context),
    foundIn(newer.data, plan.new.root, "new", context),
  ] as const;
  const compared = [...compareWhole(plan, found, context)];
  for (const [side, { errors }] of [
    ["old", old],
    ["new", newer],
  ] as const) {
    // An error that hides nothing that is compared is told all the same.
    const others = errors.filter((each) => !hit[side].has(each));
    const [first] = others;
    if (first && !compared.some(({ error }) => error?.side === side))
      compared.push(errorAt(WHOLE, `(${side} errors)`, { side, message: first.message }));
  }
  return compared;
}

type ErrorLookup = (at: Place) => AnswerError | undefined;
type Context = { readonly errors: Readonly<Record<SideName, ErrorLookup>> };
type Read = { readonly value: Json; readonly at: Place } | { readonly error: { side: SideName; message: string } };

/** The error that made the value at a place null: one at that place, or below it, from where the null has come up. */
const errorsOf =
  (errors: readonly AnswerError[], hit: Set<AnswerError>): ErrorLookup =>
  (at) => {
    const found = errors.find(({ path }) => path === null || at.every((step, i) => path[i] === step));
    if (found) hit.add(found);
    return found;
  };

function foundIn(data: Json, path: Reader["path"], side: SideName, context: Context): Read {
  const [found] = follow(data, path, []);
  if (found?.kind === "value") return found;
  return nullOrError(found?.at ?? [], side, context);
}

function nullOrError(at: Place, side: SideName, { errors }: Context): Read {
  const error = errors[side](at);
  return error ? { error: { side, message: error.message } } : { value: null, at };
}

function* compareWhole(
  plan: ComparisonPlan,
  [old, newer]: readonly [Read, Read],
  context: Context,
): Generator<Compared> {
  if ("error" in old) return yield errorAt(WHOLE, "", old.error);
  if ("error" in newer) return yield errorAt(WHOLE, "", newer.error);
  yield presence(WHOLE, "", old.value !== null, newer.value !== null);
  if (old.value === null || newer.value === null) return;
  yield* compareFields(plan.fields, old, newer, "", context);
}

type Base = { readonly value: Json; readonly at: Place };

function* compareFields(
  fields: readonly FieldPlan[],
  old: Base,
  newer: Base,
  prefix: string,
  context: Context,
): Generator<Compared> {
  for (const field of fields) {
    if (field.kind === "leaf") yield compareLeaf(field, old, newer, prefix, context);
    else yield* compareList(field, old, newer, prefix, context);
  }
}

/** The last part of a field's name: `severity` of `alerts[].severity`. */
const ownName = (field: string): string => field.slice(field.lastIndexOf("[].") < 0 ? 0 : field.lastIndexOf("[].") + 3);

function compareLeaf(plan: LeafPlan, old: Base, newer: Base, prefix: string, context: Context): Compared {
  const { field, isPersonal } = plan;
  const at = prefix + ownName(field);
  const [one, other] = [readLeaf(plan.old, old, "old", context), readLeaf(plan.new, newer, "new", context)];
  if ("error" in one) return errorAt(field, at, one.error);
  if ("error" in other) return errorAt(field, at, other.error);
  const values = { field, at, old: one.value, new: other.value, isPersonal };
  if (plan.equal(one.value, other.value)) return { ...values, kind: "match" };
  if (one.value === null) return { ...values, kind: "missing_old" };
  return { ...values, kind: other.value === null ? "missing_new" : "mismatch" };
}

function readLeaf({ path, convert }: Reader, base: Base, side: SideName, context: Context): Read {
  const found = follow(base.value, path, base.at);
  for (const { kind, at } of found) {
    const read = kind === "null" ? nullOrError(at, side, context) : undefined;
    if (read && "error" in read) return read;
  }
  const values = found.map((each) => (each.kind === "value" ? each.value : null));
  const value = path.includes("each") ? values : (values[0] ?? null);
  return { value: convert(value as Json), at: base.at };
}

function* compareList(plan: ListPlan, old: Base, newer: Base, prefix: string, context: Context): Generator<Compared> {
  const { field } = plan;
  const at = prefix + ownName(field).slice(0, -2);
  const [ours, theirs] = [itemsOf(plan, "old", old, context), itemsOf(plan, "new", newer, context)];
  if ("error" in ours) return yield errorAt(field, at, ours.error);
  if ("error" in theirs) return yield errorAt(field, at, theirs.error);
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [one, other] = [ours.get(key), theirs.get(key)];
    yield presence(field, `${at}[${key}]`, one !== undefined, other !== undefined);
    if (one && other) yield* compareFields(plan.fields, one, other, `${at}[${key}].`, context);
  }
}

/** Items by key. The second item with one key is `key#2`: a list that has an item twice is not the one that has it once. */
function itemsOf(
  plan: ListPlan,
  side: SideName,
  base: Base,
  context: Context,
): Map<string, Base> | { readonly error: { side: SideName; message: string } } {
  const items = new Map<string, Base>();
  const counts = new Map<string, number>();
  for (const found of follow(base.value, plan[side], base.at)) {
    if (found.kind === "null") {
      const read = nullOrError(found.at, side, context);
      if ("error" in read) return read;
      // No list is an empty one, and an item that is null is none.
      continue;
    }
    const key = plan.key.map((each) => keyText(readLeaf(each[side], found, side, context))).join("/");
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    items.set(count === 1 ? key : `${key}#${count}`, found satisfies Found);
  }
  return items;
}

const keyText = (read: Read): string =>
  "error" in read ? "?" : typeof read.value === "string" ? read.value : canonicalText(read.value);

const presence = (field: string, at: string, isOld: boolean, isNew: boolean): Compared => ({
  field,
  at,
  kind: isOld === isNew ? "match" : isOld ? "missing_new" : "missing_old",
  old: isOld ? PRESENT : ABSENT,
  new: isNew ? PRESENT : ABSENT,
  isPersonal: false,
});

const errorAt = (field: string, at: string, error: { side: SideName; message: string }): Compared => ({
  ...{ field, at, error },
  kind: "error",
  old: null,
  new: null,
  isPersonal: false,
});

/** The plan that compares the old side with itself. */
export const selfPlan = (plan: ComparisonPlan): ComparisonPlan => ({
  ...plan,
  new: plan.old,
  fields: plan.fields.map(selfField),
});

const selfField = (field: FieldPlan): FieldPlan =>
  field.kind === "leaf"
    ? { ...field, new: field.old }
    : {
        ...field,
        new: field.old,
        key: field.key.map((each) => ({ ...each, new: each.old })),
        fields: field.fields.map(selfField),
      };
