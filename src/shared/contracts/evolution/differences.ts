import { sameContent } from "#domain/register.ts";
import type { JsonSchema } from "../describe.ts";
import { formOf, kindOf } from "./probes.ts";

/** How two schemas differ in one place. `refuses`: it may refuse what passed; `widens`: consumers may get what is new. */
export type Difference = { readonly what: string; readonly kind: "widens" | "refuses" | "unmarks" | "words" };

/** Every difference of two schemas, outer before inner. */
export function differencesOf(then: JsonSchema, now: JsonSchema, at = "data"): Difference[] {
  // A schema that gains or loses alternatives, such as null, is compared as one of them.
  if (then.anyOf && !now.anyOf) return formsOf(then, { anyOf: [now] }, at);
  if (now.anyOf && !then.anyOf) return formsOf({ anyOf: [then] }, now, at);
  const found: Difference[] = [];
  const note = (kind: Difference["kind"], what: string) => found.push({ kind, what: `${at} ${what}` });
  if (then.type !== now.type) note("refuses", `was of type ${then.type ?? "any"}, and is of type ${now.type ?? "any"}`);
  if (then["x-pii"] && !now["x-pii"]) note("unmarks", "is no longer marked as personal data");
  if (!then["x-pii"] && now["x-pii"]) note("widens", "is marked as personal data");
  for (const [name, [kind, changed]] of Object.entries(changesOfLimits(then, now))) note(kind, `${name}: ${changed}`);
  for (const option of then.enum ?? [])
    if (now.enum && !now.enum.includes(option)) note("refuses", `is no longer ${option}`);
  for (const option of now.enum ?? []) if (then.enum && !then.enum.includes(option)) note("widens", `may be ${option}`);
  if (!sameContent(then.const ?? null, now.const ?? null)) note("refuses", "has another value");
  if (!sameContent(then.default ?? null, now.default ?? null)) note("widens", "has another default");
  const [wasClosed, isClosed] = [then, now].map(({ additionalProperties }) => additionalProperties === false);
  if (isClosed && !wasClosed) note("refuses", "has none but declared members");
  if (wasClosed && !isClosed) note("widens", "may have undeclared members");
  if (then.description !== now.description) note("words", "has another description");
  return [...found, ...differencesOfMembers(then, now, at), ...elementsOf(then, now, at), ...formsOf(then, now, at)];
}

/** Of the parts and alternatives of a schema, whose order means nothing. */
function formsOf(then: JsonSchema, now: JsonSchema, at: string): Difference[] {
  const lists = (["anyOf", "oneOf", "allOf"] as const).map((key) => [then[key] ?? [], now[key] ?? []] as const);
  return lists.flatMap(([had, has]) => {
    const equals = (form: JsonSchema, others: readonly JsonSchema[]) =>
      others.some((other) => sameContent(form, other));
    const before = had.filter((form) => !equals(form, has));
    const after = has.filter((form) => !equals(form, had));
    const pairs = before.map((form) => [form, formOf(form, after)] as const);
    const isNew = (form: JsonSchema) => !pairs.some(([, its]) => its === form);
    return [
      ...pairs.flatMap(([form, its]): Difference[] =>
        its ? differencesOf(form, its, at) : [{ kind: "refuses", what: `${at} is no longer ${nameOf(form)}` }],
      ),
      ...after.filter(isNew).map((form): Difference => ({ kind: "widens", what: `${at} may be ${nameOf(form)}` })),
    ];
  });
}

/** What people call a form: the values that tell it apart, or its type. */
const nameOf = (form: JsonSchema): string => Object.values(kindOf(form)).join(" ") || (form.type ?? "of another form");

function elementsOf(then: JsonSchema, now: JsonSchema, at: string): Difference[] {
  const [before, after] = [then.additionalProperties, now.additionalProperties];
  return [
    ...(then.items && now.items ? differencesOf(then.items, now.items, `${at}[]`) : []),
    ...(typeof before === "object" && typeof after === "object" ? differencesOf(before, after, `${at}.*`) : []),
  ];
}

function differencesOfMembers(then: JsonSchema, now: JsonSchema, at: string): Difference[] {
  const [had, has] = [then.properties ?? {}, now.properties ?? {}];
  const isRequired = (schema: JsonSchema, name: string) => schema.required?.includes(name) === true;
  const names = [...new Set([...Object.keys(had), ...Object.keys(has)])];
  return names.flatMap((name): Difference[] => {
    const [before, after] = [had[name], has[name]];
    const place = `${at}.${name}`;
    if (!after) return [{ kind: "refuses", what: `${place} is gone` }];
    if (!before && isRequired(now, name)) return [{ kind: "refuses", what: `${place} was added, and is required` }];
    if (!before) return [{ kind: "widens", what: `${place} was added` }];
    const required: Difference[] =
      isRequired(now, name) === isRequired(then, name)
        ? []
        : isRequired(now, name)
          ? [{ kind: "refuses", what: `${place} is required` }]
          : [{ kind: "widens", what: `${place} may be missing` }];
    return [...required, ...differencesOf(before, after, place)];
  });
}

/** +1: a larger number allows more; -1: a larger number allows less. */
const LIMITS = {
  minLength: -1,
  maxLength: 1,
  minimum: -1,
  maximum: 1,
  exclusiveMinimum: -1,
  exclusiveMaximum: 1,
  minItems: -1,
  maxItems: 1,
} as const;

function changesOfLimits(then: JsonSchema, now: JsonSchema): Record<string, ["widens" | "refuses", string]> {
  const changed: Record<string, ["widens" | "refuses", string]> = {};
  for (const [limit, sign] of Object.entries(LIMITS) as [keyof typeof LIMITS, 1 | -1][]) {
    const none = sign * Infinity;
    const [before = none, after = none] = [then[limit], now[limit]];
    if (before !== after)
      changed[limit] = [(after - before) * sign > 0 ? "widens" : "refuses", `was ${before}, is ${after}`];
  }
  for (const words of ["pattern", "format", "multipleOf"] as const) {
    const [before = "none", after = "none"] = [then[words], now[words]];
    if (before !== after)
      changed[words] = [now[words] === undefined ? "widens" : "refuses", `was ${before}, is ${after}`];
  }
  return changed;
}
