import type { SampleRecord } from "../samples/record.ts";

/** One that is known before a loss, so that somebody can subscribe, and changes most after it. */
export function busiestDevice(before: readonly SampleRecord[], since: readonly SampleRecord[]): string {
  const keyOf = ({ topic, key }: SampleRecord) => `${topic.split(".")[1]}:${key}`;
  const known = new Set(before.filter(({ fault }) => !fault).map(keyOf));
  const counts = Map.groupBy(
    since.filter((record) => !record.fault && known.has(keyOf(record))),
    keyOf,
  );
  const [busiest] = [...counts].toSorted(([, a], [, b]) => b.length - a.length);
  if (!busiest) throw new Error("No device has records on both sides of the loss: take another seed.");
  return busiest[0];
}

/** @throws if it is not true within 20 s */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`${what} within 20 s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
