import type { DocumentSpec, FieldSpec, Fields, ReadingSpec } from "../settings/schema.ts";
import { type Convert, converter } from "./convert.ts";
import { equality } from "./equal.ts";
import { membersOf, type Path, parsePath } from "./path.ts";
import type { ComparisonPlan, FieldPlan, LeafPlan, ListPlan, Reader, SideName } from "./plan.ts";
import { leavesOf, type Selection, selectedAt } from "./selection.ts";

/** What is wrong, and where in the document's settings. */
export type Problem = { readonly at: readonly string[]; readonly message: string };

export type Selections = Readonly<Record<SideName, Selection>>;

const SIDES = ["old", "new"] as const;

/**
 * What is compared of the answers to a document. Every path is looked up in what the documents select, so that none
 * that is misspelled reads as a value that is missing on both sides.
 */
export function compilePlan(
  spec: DocumentSpec,
  selections: Selections,
): { plan: ComparisonPlan; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const roots = { old: rootOf(spec, "old"), new: rootOf(spec, "new") };
  for (const side of SIDES)
    if (!selectedAt(selections[side], membersOf(roots[side])))
      problems.push({ at: ["root"], message: `the ${side} document selects no fields at ${text(roots[side])}` });
  const compiler = new Compiler(selections, spec.document !== undefined && !spec.old?.document && !spec.new?.document);
  const fields = problems.length > 0 ? [] : compiler.fields(spec.fields ?? {}, roots, "", ["fields"]);
  problems.push(...compiler.problems);
  if (problems.length === 0 && fields.length === 0)
    problems.push({ at: ["fields"], message: "is missing: two different documents need to know what is compared" });
  const notCompared = { old: compiler.unused(spec, "old"), new: compiler.unused(spec, "new") };
  return { plan: { old: { root: roots.old }, new: { root: roots.new }, fields, notCompared }, problems };
}

/** Without a root, everything that is selected. */
const rootOf = (spec: DocumentSpec, side: SideName): Path => {
  const root = spec[side]?.root ?? spec.root;
  return root === undefined ? [] : parsePath(root);
};

const text = (path: Path | readonly string[]): string => {
  const members = path.map((each) => (each === "each" ? "[]" : typeof each === "string" ? each : each.member));
  return members.length === 0 ? "its top" : members.join(".").replaceAll(".[]", "[]");
};

type Bases = Readonly<Record<SideName, Path>>;

class Compiler {
  readonly problems: Problem[] = [];
  readonly #selections: Selections;
  /** One document for both sides: what no field names is compared as it is. */
  readonly #isShared: boolean;
  readonly #used = { old: new Set<string>(), new: new Set<string>() };

  constructor(selections: Selections, isShared: boolean) {
    this.#selections = selections;
    this.#isShared = isShared;
  }

  fields(specs: Fields, bases: Bases, prefix: string, at: readonly string[]): FieldPlan[] {
    const given = Object.entries(specs).map(([name, spec]) =>
      this.#field(name, spec ?? {}, bases, prefix, [...at, name]),
    );
    return this.#isShared ? [...given, ...this.#rest(bases, prefix)] : given;
  }

  unused(spec: DocumentSpec, side: SideName): string[] {
    const pages = spec[side]?.pages ?? spec.pages;
    const ofPages = pages
      ? [pages.next, pages.more].flatMap((each) => (each ? membersOf(parsePath(each)).join(".") : []))
      : [];
    return leavesOf(this.#selections[side])
      .map((members) => members.join("."))
      .filter((leaf) => !this.#used[side].has(leaf) && !ofPages.includes(leaf) && !leaf.endsWith("__typename"));
  }

  #field(name: string, spec: FieldSpec, bases: Bases, prefix: string, at: readonly string[]): FieldPlan {
    return spec.key !== undefined || spec.fields !== undefined
      ? this.#list(name, spec, bases, prefix, at)
      : this.#leaf(name, spec, bases, prefix, at);
  }

  #leaf(name: string, spec: FieldSpec, bases: Bases, prefix: string, at: readonly string[]): LeafPlan {
    const reader = (side: SideName): Reader => {
      const path = parsePath(pathIn(spec[side]) ?? name);
      const members = membersOf([...bases[side], ...path]);
      const selected = selectedAt(this.#selections[side], members);
      if (selected === undefined) this.#missing(side, members, bases[side], at);
      if (selected)
        this.problems.push({ at, message: `${text(path)} has fields of its own: name one, or give the list a key` });
      this.#used[side].add(members.join("."));
      return { path, convert: convertOf(spec, spec[side]) };
    };
    const [old, newer] = [reader("old"), reader("new")];
    const { tolerance, order, personal: isPersonal = false } = spec;
    return { kind: "leaf", field: prefix + name, old, new: newer, equal: equality(tolerance, order), isPersonal };
  }

  #list(name: string, spec: FieldSpec, bases: Bases, prefix: string, at: readonly string[]): ListPlan {
    const pathOf = (side: SideName): Path => {
      const path = parsePath(pathIn(spec[side]) ?? name);
      const list = path.includes("each") ? path : [...path, "each" as const];
      const members = membersOf([...bases[side], ...list]);
      if (!selectedAt(this.#selections[side], members)) this.#missing(side, members, bases[side], at);
      return list;
    };
    const [old, newer] = [pathOf("old"), pathOf("new")];
    const below = { old: [...bases.old, ...old], new: [...bases.new, ...newer] };
    const field = `${prefix}${name}[]`;
    const names = spec.key === undefined ? [] : typeof spec.key === "string" ? [spec.key] : spec.key;
    if (names.length === 0)
      this.problems.push({ at, message: "is a list, and needs a key: the field by which its items find each other" });
    const keys: Fields = Object.fromEntries(names.map((each) => [each, null]));
    const fields = this.fields({ ...keys, ...spec.fields }, below, `${field}.`, [...at, "fields"]);
    const key = fields.filter((each) => each.kind === "leaf" && names.includes(each.field.slice(field.length + 1)));
    return { kind: "list", field, old, new: newer, key: key as LeafPlan[], fields };
  }

  /** What a shared document selects below a place, and no field has named. */
  #rest(bases: Bases, prefix: string): FieldPlan[] {
    const selected = selectedAt(this.#selections.old, membersOf(bases.old));
    const base = membersOf(bases.old).length;
    return leavesOf(selected ?? new Map(), membersOf(bases.old))
      .filter((members) => !this.#used.old.has(members.join(".")) && members.at(-1) !== "__typename")
      .map((members) => this.#leaf(members.slice(base).join("."), {}, bases, prefix, ["fields"]));
  }

  #missing(side: SideName, members: readonly string[], base: Path, at: readonly string[]): void {
    const there = selectedAt(this.#selections[side], membersOf(base));
    const names = there ? leavesOf(there).map((each) => each.join(".")) : [];
    this.problems.push({
      at,
      message: `the ${side} document does not select ${members.join(".")}. It selects there: ${names.join(", ") || "nothing"}`,
    });
  }
}

const pathIn = (reading: ReadingSpec | undefined): string | undefined =>
  typeof reading === "string" ? reading : reading?.path;

/** A side's own conversion, and what both sides share where it says nothing else. */
function convertOf(spec: FieldSpec, own: ReadingSpec | undefined): Convert {
  const { trim, nullIf, as, format, zone, case: letters, values, add, multiply, default: otherwise } = spec;
  const shared = { trim, nullIf, as, format, zone, case: letters, values, add, multiply, default: otherwise };
  const { path: _, ...conversion } = typeof own === "object" ? own : {};
  return converter({ ...shared, ...conversion });
}
