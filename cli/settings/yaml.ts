import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type * as z from "zod";

/** What a file in YAML says, and where it says it. */
export type YamlFile = {
  /** `undefined` for a file that is no YAML. */
  readonly value: unknown;
  /** `parity.yaml:12`: the line of a member, or of the last one on the way to it that is there. */
  readonly placeOf: (path: readonly PropertyKey[]) => string;
  /** Why it is no YAML, or not the one that it seems to be, each with its line. */
  readonly problems: readonly string[];
};

/** @param name of the file, as places name it */
export function readYaml(name: string, text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number | undefined) =>
    offset === undefined ? name : `${name}:${lines.linePos(offset).line}`;
  const problems = [...document.errors, ...document.warnings].map(
    ({ pos, message }) => `${lineAt(pos[0])}: ${message}`,
  );
  return {
    value: document.errors.length > 0 ? undefined : document.toJS(),
    placeOf: (path) => lineAt(offsetOf(document, path)),
    problems,
  };
}

/** Where the node begins that a path leads to, or the last one on the way that is there. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset = (node as Node | null)?.range?.[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    }
  }
  return offset;
}

export type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

/** What is wrong with a value. Of one that may have several forms it is told what the form says that came furthest. */
export function toIssue(issue: z.core.$ZodIssue): Issue {
  if (issue.code !== "invalid_union") return { path: issue.path, message: issue.message };
  const inner = issue.errors.flat().find(({ path, code }) => path.length > 0 || code === "unrecognized_keys");
  if (!inner) return { path: issue.path, message: issue.message };
  const deeper = toIssue(inner);
  return { path: [...issue.path, ...deeper.path], message: deeper.message };
}
