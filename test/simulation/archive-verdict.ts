import { env as testEnv } from "cloudflare:workers";
import { expect } from "vitest";
import { drain, type Line, type RawObject } from "./archived.ts";
import { KILLER, OUTDATED, outdatedText } from "./faults.ts";
import type { Figures } from "./figures.ts";
import type { StreamRecord } from "./stream.ts";
import { expectedDevices, heldDevices } from "./verdict.ts";
import type { World } from "./world.ts";

const { ARCHIVE } = testEnv as unknown as { readonly ARCHIVE: R2Bucket };

/**
 * The archive is what was accepted: each record once by its receipt, byte for byte, with how it ended. Only a record that kills
 * its consumer is a letter alone, of which nothing else is known.
 * @param name of the stream whose devices are the fold of the archive; `undefined` if others wrote them too
 */
export async function expectArchived(
  world: World,
  records: readonly StreamRecord[],
  { figures, name }: { figures: Figures; name?: string },
): Promise<void> {
  const { ledger } = world;
  const objects = await drain(ARCHIVE);
  const lines = objects.flatMap(({ lines }) => lines);
  const copies = Map.groupBy(lines, ({ receipt }) => receipt);
  figures.rawObjects += objects.length;
  figures.archived += lines.length;
  figures.copies += lines.length - copies.size;

  expect([...ledger.violations], "nothing leaves the queues before it is archived, nor is archived before").toEqual([]);
  const byValue = new Map(records.map((record) => [textOf(record), record]));
  const fateOf = ({ value }: { value: string | null }) => byValue.get(value)?.fate;
  const expected = [...ledger.accepted].filter(([, record]) => fateOf(record) !== KILLER);
  expect(contents(lines), "the archive has each accepted record, as it came").toEqual(new Map(expected));
  for (const record of records)
    if (record.fate !== "refused" && record.fate !== KILLER)
      expect(
        lines.some(({ value }) => value === textOf(record)),
        "every record that can be archived is",
      ).toBe(true);
  for (const group of copies.values()) expectEnding(group, fateOf(group[0] as Line));
  expectNames(objects);
  if (!world.duplicated && world.allHeard)
    expect(
      tallyOf([...copies.values()].flatMap(([line]) => line ?? [])),
      "outcomes are those that were counted",
    ).toEqual(countedIn(world));
  if (name === undefined) return;
  const held = await heldDevices(name);
  const merged = lines
    .filter(({ outcome, merged }) => outcome !== "deadLettered" || merged !== undefined)
    .flatMap((line) => {
      const record = byValue.get(line.value);
      return record?.fate === "applied" ? [{ ...record, topic: line.topic, value: line.value }] : [];
    });
  expect(Object.fromEntries(expectedDevices(merged, held)), "the devices are the fold of the archive").toEqual(
    Object.fromEntries(held),
  );
}

const textOf = ({ fate, value }: StreamRecord): string | null =>
  fate === OUTDATED && value !== null ? outdatedText(value) : value;

function contents(lines: readonly Line[]): Map<string, object> {
  const found = new Map<string, object>();
  for (const { receipt, topic, key, value, receivedAtMs, lane = "live" } of lines) {
    const content = { topic, key, value, receivedAtMs, lane };
    const other = found.get(receipt);
    if (other) expect(content, "copies of a record are the same").toEqual(other);
    found.set(receipt, content);
  }
  return found;
}

/** A record that its stores can take was merged whenever it was settled; the others never. */
function expectEnding(copies: readonly Line[], fate: StreamRecord["fate"] | undefined): void {
  const endings = copies.map(({ outcome }) => (outcome === "deadLettered" ? outcome : "merged"));
  expect(new Set(endings), `a record that is ${fate} is archived as that`).toEqual(
    new Set([fate === "applied" ? "merged" : "deadLettered"]),
  );
}

/** By the hour of each of its records, and no two of the same records. */
function expectNames(objects: readonly RawObject[]): void {
  const held = new Set<string>();
  for (const { key, lines } of objects) {
    for (const { receivedAtMs } of lines) {
      const [day, time] = new Date(receivedAtMs).toISOString().split("T") as [string, string];
      expect(key.startsWith(`events/${day}/${time.slice(0, 2)}/`), `${key} is the hour of its records`).toBe(true);
    }
    const receipts = lines.map(({ receipt, outcome }) => `${receipt} ${outcome === "deadLettered"}`);
    expect(new Set(receipts).size, "no object has a record twice").toBe(receipts.length);
    held.add(receipts.toSorted().join());
  }
  expect(held.size, "no two objects have the same records").toBe(objects.length);
}

function tallyOf(lines: readonly Line[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const { topic, outcome } of lines) {
    if (outcome === "deadLettered") continue;
    const key = `${topic} ${outcome}`;
    tally[key] = (tally[key] ?? 0) + 1;
  }
  return tally;
}

function countedIn({ reports }: Pick<World, "reports">): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { outcomes = {} } of reports)
    for (const [key, count = 0] of Object.entries(outcomes)) counted[key] = (counted[key] ?? 0) + count;
  return counted;
}
