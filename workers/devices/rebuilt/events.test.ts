import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HISTORY_LIMIT } from "#domain/history.ts";
import { toVersion, type Version } from "#domain/version.ts";
import type { KeptEvent } from "#objects/requests.ts";
import { noteMerge, type OlderEvents, type Pages, rewriteEvents } from "../older-events.ts";
import { adoptEventsOf, compareEvents, eventsOfValue, MAX_DIFFERENCES } from "./events.ts";

const topic = "device.elt.status.reported";
const versionOf = (n: number): Version => toVersion(Date.UTC(2026, 10, 23) + n * 1_000, `e-${n}`);
const eventOf = (n: number, data: unknown = { n }) => ({ version: versionOf(n), topic, data });
const numberOf = ({ data }: Pick<KeptEvent, "data">) => (data as { n: number }).n;
const newestFirst = (a: number, b: number) => b - a;

/** One value of an object, with its history and pages. */
class Value {
  readonly #stored = new Map<string, unknown>();
  history: readonly { version: Version; topic: string; data: unknown }[] = [];
  older: OlderEvents | undefined;
  readonly pages = {
    get: (key: string) => this.#stored.get(key),
    put: (key: string, value: unknown) => void this.#stored.set(key, structuredClone(value)),
    delete: (key: string) => this.#stored.delete(key),
  } as unknown as Pages;

  merge(...numbers: number[]): this {
    for (let at = 0; at < numbers.length; at += 40) {
      const batch = numbers.slice(at, at + 40);
      const known = new Set(this.history.map(({ version }) => version));
      const fresh = [...new Set(batch)].filter((n) => !known.has(versionOf(n))).map((n) => eventOf(n));
      const after = [...this.history, ...fresh]
        .sort((a, b) => (a.version < b.version ? 1 : -1))
        .slice(0, HISTORY_LIMIT);
      const isSame = after.length === this.history.length && after.every((entry, i) => entry === this.history[i]);
      const arrived = batch.map((n) => ({ entry: eventOf(n), receivedAtMs: n }));
      const next = isSame ? this.history : after;
      this.older = noteMerge(this.pages, this.older, { before: this.history, after: next, arrived }).older;
      this.history = next;
    }
    return this;
  }

  get events() {
    return eventsOfValue(this.pages, this.history, this.older);
  }

  get numbers(): number[] {
    return this.events.events.map(numberOf).sort(newestFirst);
  }

  /** As an object does it. @returns whether something changed */
  adopt(rebuilt: Value): boolean {
    const events = adoptEventsOf(this.events, rebuilt.events);
    if (!events) return false;
    const { history, older } = rewriteEvents(this.pages, this.older, { ...events, droppedTo: events.missingTo });
    this.history = history;
    this.older = older;
    return true;
  }
}

const inOrder = (count: number, from = 0): number[] => Array.from({ length: count }, (_, n) => from + n);
const found = (live: Value, rebuilt: Value) =>
  compareEvents(live.events, rebuilt.events).map(({ cause, isAbove }) => `${cause}${isAbove ? " above" : ""}`);

/** All events in an order of arrival, some of them repeated. */
const drawn = fc
  .tuple(fc.integer({ min: 1, max: 1_400 }), fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 }))
  .map(([count, moves]) => {
    const numbers = inOrder(count);
    for (const [from, to] of moves) numbers.splice(to % numbers.length, 0, numbers[from % numbers.length] as number);
    return { count, numbers };
  });

describe("the events of two values of an object", () => {
  it("do not differ if both got the same events, in whatever order, and however many they had to drop", () => {
    fc.assert(
      fc.property(drawn, fc.boolean(), ({ numbers }, isReversed) => {
        const [live, rebuilt] = [new Value().merge(...inOrder(Math.max(...numbers) + 1)), new Value()];
        rebuilt.merge(...(isReversed ? numbers.toReversed() : numbers));
        expect(found(live, rebuilt)).toEqual([]);
        expect(found(rebuilt, live)).toEqual([]);
        expect(live.adopt(rebuilt)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it("differ by what the live value has lost, and a switch brings it back, once", () => {
    fc.assert(
      fc.property(drawn, fc.nat(), fc.nat(), ({ count, numbers }, a, b) => {
        const [from, to] = [a % (count + 1), b % (count + 1)].sort((x, y) => x - y) as [number, number];
        const rebuilt = new Value().merge(...numbers);
        const live = new Value().merge(...inOrder(count).filter((n) => n < from || n >= to));
        const lost = rebuilt.numbers.filter((n) => n >= from && n < to);
        const isNewest = (n: number) =>
          live.numbers.length < HISTORY_LIMIT || n > (live.numbers[HISTORY_LIMIT - 1] ?? 0);
        const isDue = lost.some((n) => live.events.missingTo === null || isNewest(n));
        if (isDue) expect(found(live, rebuilt)).toContain("missing");
        if (found(live, rebuilt).length > 0) expect(live.adopt(rebuilt)).toBe(true);
        expect(found(live, rebuilt)).toEqual([]);
        expect(live.adopt(rebuilt)).toBe(false);
        // What the rebuilt value had no room for, it cannot confirm.
        const bound = [live.events.missingTo, rebuilt.events.missingTo].reduce(
          (one, other) => (one !== null && (other === null || one > other) ? one : other),
          null,
        );
        const isBound = (n: number) => bound === null || versionOf(n) > bound;
        expect(live.numbers.filter(isBound)).toEqual(inOrder(count).filter(isBound).toReversed());
      }),
      { numRuns: 20 },
    );
  });

  it("do not differ by an event that the live value has lost and the rebuilt one had no room for", () => {
    const rebuilt = new Value().merge(...inOrder(1_250));
    const live = new Value().merge(...inOrder(1_250).filter((n) => n < 20 || n >= 80));
    expect(rebuilt.events.missingTo).toBe(versionOf(99));
    expect(found(live, rebuilt)).toEqual([]);
  });

  it("differ by an event that the live value has with other data, or that only it has", () => {
    const rebuilt = new Value().merge(...inOrder(330));
    const live = new Value().merge(...inOrder(330), 1_000);
    live.pages.put("older/0", [...inOrder(99).map((n) => eventOf(n)), eventOf(99, { n: -1 })]);
    expect(found(live, rebuilt)).toEqual(["sameVersion", "notArchived above"]);
    expect(live.adopt(rebuilt)).toBe(true);
    expect(found(live, rebuilt)).toEqual(["notArchived above"]);
    expect(live.numbers).toEqual([1_000, ...inOrder(330).toReversed()]);
  });

  it("differ if the live value lost events and has got as many again as it keeps, so that it looks whole", () => {
    const rebuilt = new Value().merge(...inOrder(2_330));
    const live = new Value().merge(...inOrder(rebuilt.numbers.length, 2_330 - rebuilt.numbers.length));
    expect(live.events.missingTo).toBeNull();
    expect(found(live, rebuilt)).toEqual(["missing"]);
    expect(live.adopt(rebuilt)).toBe(true);
    expect(live.events.missingTo).toBe(rebuilt.events.missingTo);
    expect(found(live, rebuilt)).toEqual([]);
  });

  it("after a switch are no more complete than those that were taken from the archive", () => {
    const rebuilt = new Value().merge(...inOrder(400));
    // Of an object from before older events were kept, which then had one of its newest wrong.
    const live = new Value();
    live.history = inOrder(HISTORY_LIMIT, 300)
      .toReversed()
      .map((n) => eventOf(n, n === 350 ? { n: -1 } : { n }));
    live.merge(400);
    expect(live.adopt(rebuilt)).toBe(true);
    const { missingTo } = live.events;
    const isWhole = (n: number) => missingTo === null || versionOf(n) > missingTo;
    expect(live.numbers.filter(isWhole)).toEqual(inOrder(401).filter(isWhole).toReversed());
    expect(found(live, rebuilt.merge(400))).toEqual([]);
    expect(live.adopt(rebuilt)).toBe(false);
  });

  it("are told up to a limit, those first that nothing can still explain", () => {
    const live = new Value().merge(...inOrder(150, 5_000));
    const differences = compareEvents(live.events, new Value().merge(...inOrder(150)).events);
    expect(differences).toHaveLength(MAX_DIFFERENCES);
    expect(differences.every(({ cause }) => cause === "notArchived" || cause === "missing")).toBe(true);
  });
});
