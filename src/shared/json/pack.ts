import { utf8Bytes } from "./bytes.ts";

/** The size of a value as JSON, in bytes of UTF-8. */
export const jsonBytes = (value: unknown): number => utf8Bytes(JSON.stringify(value));

/** Splits a list into runs within both limits. An item larger than `maxBytes` becomes a run of its own. */
export function packBySize<T>(
  items: readonly T[],
  limits: { maxBytes: number; maxItems: number },
  bytesOf: (item: T) => number = jsonBytes,
): T[][] {
  if (items.length === 1) return [[...items]];
  const runs: T[][] = [];
  let run: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item) + 1;
    if (run.length > 0 && (bytes + size > limits.maxBytes || run.length >= limits.maxItems)) {
      runs.push(run);
      run = [];
      bytes = 0;
    }
    run.push(item);
    bytes += size;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}
