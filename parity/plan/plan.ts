import type { Json } from "../json.ts";
import type { Equal } from "./equal.ts";
import type { Path } from "./path.ts";

export type SideName = "old" | "new";

/** Where a side has a value, and how it is read. */
export type Reader = { readonly path: Path; readonly convert: (value: Json) => Json };

/** A value that is compared. */
export type LeafPlan = {
  readonly kind: "leaf";
  /** Its name within its document: `alerts[].severity`. */
  readonly field: string;
  readonly old: Reader;
  readonly new: Reader;
  readonly equal: Equal;
  readonly isPersonal: boolean;
};

/** A list, whose items find their counterparts by key. */
export type ListPlan = {
  readonly kind: "list";
  /** `alerts[]` */
  readonly field: string;
  readonly old: Path;
  readonly new: Path;
  readonly key: readonly LeafPlan[];
  readonly fields: readonly FieldPlan[];
};

export type FieldPlan = LeafPlan | ListPlan;

/** What is compared of the two answers to a document. */
export type ComparisonPlan = {
  readonly old: { readonly root: Path };
  readonly new: { readonly root: Path };
  readonly fields: readonly FieldPlan[];
  /** What a document selects and no field compares. */
  readonly notCompared: Readonly<Record<SideName, readonly string[]>>;
};

/** The field that stands for a document as a whole: whether the sides have the item at all. */
export const WHOLE = "";

export function fieldNames(fields: readonly FieldPlan[]): string[] {
  return fields.flatMap((each) => (each.kind === "leaf" ? each.field : [each.field, ...fieldNames(each.fields)]));
}
