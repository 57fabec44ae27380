import { type PayloadLine, parseLines } from "./payload-lines.ts";

/** A line of a payload, and whether the other payload has it too. */
export type DiffLine = PayloadLine & { readonly differs: boolean };

/** Both payloads by lines, with a mark on each line that the other lacks; or nothing where one of them is not JSON. */
export function diffPayloads(
  before: string,
  after: string,
): readonly [before: DiffLine[], after: DiffLine[]] | undefined {
  const [old, new_] = [parseLines(before), parseLines(after)];
  return old && new_ && [marked(old, new_), marked(new_, old)];
}

function marked(lines: readonly PayloadLine[], others: readonly PayloadLine[]): DiffLine[] {
  const known = new Set(others.map(keyOf));
  return lines.map((line) => ({ ...line, differs: !known.has(keyOf(line)) }));
}

/** The comma behind a value depends on its neighbours, and a bracket closes wherever it opened. */
const keyOf = ({ kind, path, text }: PayloadLine): string => `${kind} ${path} ${text.replace(/,$/, "")}`;
