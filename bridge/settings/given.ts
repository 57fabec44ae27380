import type { Leaf } from "./leaves.ts";

/** What one source says of one setting. */
export type Given = {
  readonly value: unknown;
  /** Where it was found, as a person looks for it: `--group`, `CONCORD_BRIDGE_GROUP`, `bridge.yaml:3`. */
  readonly origin: string;
};

/** What a source says: settings by their names, and what is wrong with it. */
export type Reading = { readonly given: ReadonlyMap<string, Given>; readonly problems: readonly string[] };

/** The value that a text stands for; a text that stands for none stays, and the schema says what is wrong with it. */
export function valueOfText(kind: Leaf["kind"], text: string): unknown {
  switch (kind) {
    case "number":
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text
        .split(",")
        .map((each) => each.trim())
        .filter(Boolean);
    default:
      return text;
  }
}
