import * as z from "zod";
import { ABSENT, type Compared } from "../compare/compare.ts";
import { agreed, Difference, firstSeen, held, type State, seenAgain } from "./difference.ts";

/** What is known of one field of one document. */
export const Tally = z.object({
  document: z.string(),
  field: z.string(),
  /** Values that count, of the last round, and how many of them were the same: no noise, and no difference that is ignored. */
  compared: z.int(),
  matched: z.int(),
  /** Differences of the whole run that are no longer there, by what became of them. */
  lagging: z.int(),
  moved: z.int(),
  answered: z.int(),
});
export type Tally = z.output<typeof Tally>;

export const LedgerSnapshot = z.object({
  tallies: z.array(Tally),
  differences: z.array(Difference),
  closed: z.array(Difference),
  lastBadMs: z.number().nullable(),
});
export type LedgerSnapshot = z.output<typeof LedgerSnapshot>;

export type LedgerOptions = {
  readonly salt: string;
  /** The number of the rule that ignores a difference. */
  readonly ruleFor: (where: { document: string; field: string; id: string }) => number | undefined;
};

export type Observation = {
  readonly document: string;
  readonly id: string;
  readonly atMs: number;
  readonly compared: readonly Compared[];
  /** Whether its comparisons count: those of the first time that an item is asked for in a round. */
  readonly isCounted: boolean;
  /** Whether the old side disagrees with itself on a place. */
  readonly isNoise?: (compared: Compared) => boolean;
};

/** Closed differences that are kept as examples, of each field and state. */
const MAX_EXAMPLES = 10;

/** All differences of a run, with what became of each. It knows no clock, and asks nobody. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #tallies = new Map<string, Tally>();
  /** Of each item by its document and id: its differences by their places. */
  readonly #items = new Map<string, Map<string, Difference>>();
  readonly #closed = new Map<string, Difference[]>();
  /** When a difference was last seen that was not proved to be a lag. */
  #lastBadMs: number | null = null;
  #openCount = 0;

  constructor(options: LedgerOptions, snapshot?: LedgerSnapshot) {
    this.#options = options;
    for (const tally of snapshot?.tallies ?? []) this.#tallies.set(keyOf(tally.document, tally.field), { ...tally });
    // The rules may be others than those of the run that the snapshot is of.
    for (const each of snapshot?.differences ?? [])
      this.#set({ ...each, ...this.#stateOf(each, each.state === "noise") });
    for (const each of snapshot?.closed ?? []) this.#keep(each);
    this.#lastBadMs = snapshot?.lastBadMs ?? null;
  }

  observe({ document, id, atMs, compared, isCounted, isNoise }: Observation): void {
    const known = this.#at({ document, id });
    const places = new Set(compared.map(({ at }) => at));
    // Of what an error hides nothing is known; an error of a whole document hides all of it.
    const hidden = compared.filter(({ kind }) => kind === "error").map(({ at }) => at);
    const isHidden = (at: string) =>
      hidden.some((each) => each === "" || at.startsWith(`${each}[`) || at.startsWith(`${each}.`));
    for (const each of compared) {
      const tally = this.#tally(document, each.field);
      const before = known.get(each.at);
      if (each.kind === "match") {
        if (isCounted && !isNoise?.(each)) [tally.compared, tally.matched] = [tally.compared + 1, tally.matched + 1];
        if (before) this.#close(before, agreed(before, held(each.new, each.isPersonal, this.#options.salt).print));
        continue;
      }
      const now = firstSeen({ document, id }, each, { atMs, salt: this.#options.salt });
      const difference = before ? seenAgain(before, now) : now;
      const judged = { ...difference, ...this.#stateOf(difference, isNoise?.(each) ?? false) };
      if (isCounted && each.kind !== "error" && judged.state === "open") tally.compared++;
      this.#set(judged);
    }
    for (const each of [...known.values()])
      if (!places.has(each.at) && !isHidden(each.at)) this.#close(each, this.#gone(each));
    if (known.size === 0) this.#items.delete(keyOf(document, id));
  }

  /** Comparisons are counted anew from here; differences stay. */
  beginRound(): void {
    for (const tally of this.#tallies.values()) [tally.compared, tally.matched] = [0, 0];
  }

  /** Differences that are still there, and neither ignored nor noise. */
  open(): Difference[] {
    return this.differences().filter(({ state }) => state === "open");
  }

  get openCount(): number {
    return this.#openCount;
  }

  /** What is known of places of an item, by place. */
  of(document: string, id: string): ReadonlyMap<string, Difference> {
    return this.#items.get(keyOf(document, id)) ?? new Map();
  }

  /** All that are there: open, noise and ignored. */
  differences(): Difference[] {
    return [...this.#items.values()].flatMap((each) => [...each.values()]);
  }

  /** Examples of differences that are no longer there. */
  closed(): Difference[] {
    return [...this.#closed.values()].flat();
  }

  tallies(): Tally[] {
    return [...this.#tallies.values()];
  }

  get lastBadMs(): number | null {
    return this.#lastBadMs;
  }

  snapshot(): LedgerSnapshot {
    const [tallies, differences, closed] = [this.tallies(), this.differences(), this.closed()];
    return { tallies, differences, closed, lastBadMs: this.#lastBadMs };
  }

  #set(difference: Difference): void {
    const places = this.#at(difference);
    if (places.get(difference.at)?.state === "open") this.#openCount--;
    if (difference.state === "open") this.#openCount++;
    places.set(difference.at, difference);
  }

  #stateOf({ document, field, id, state }: Difference, isNoise: boolean): Pick<Difference, "state" | "rule"> {
    const rule = this.#options.ruleFor({ document, field, id });
    if (rule !== undefined) return { state: "ignored", rule };
    return { state: isNoise || state === "noise" ? "noise" : "open", rule: undefined };
  }

  /** What becomes of a place that is in neither answer any more. */
  #gone(known: Difference): State {
    return agreed(known, held(ABSENT, false, this.#options.salt).print);
  }

  #close(known: Difference, state: State): void {
    // What the old side answers at random may agree by chance.
    if (known.state === "noise") return;
    this.#at(known).delete(known.at);
    if (known.state !== "open") return;
    this.#openCount--;
    const tally = this.#tally(known.document, known.field);
    if (state === "lagging" || state === "moved" || state === "answered") tally[state]++;
    if (state !== "lagging") this.#lastBadMs = Math.max(this.#lastBadMs ?? 0, known.lastSeenMs);
    this.#keep({ ...known, state });
  }

  #keep(closed: Difference): void {
    const key = `${keyOf(closed.document, closed.field)}\u0000${closed.state}`;
    const examples = this.#closed.get(key) ?? [];
    this.#closed.set(key, [...examples, closed].slice(-MAX_EXAMPLES));
  }

  #at({ document, id }: { readonly document: string; readonly id: string }): Map<string, Difference> {
    const key = keyOf(document, id);
    const there = this.#items.get(key) ?? new Map<string, Difference>();
    this.#items.set(key, there);
    return there;
  }

  #tally(document: string, field: string): Tally {
    const key = keyOf(document, field);
    const there = this.#tallies.get(key) ?? {
      document,
      field,
      compared: 0,
      matched: 0,
      lagging: 0,
      moved: 0,
      answered: 0,
    };
    this.#tallies.set(key, there);
    return there;
  }
}

const keyOf = (document: string, rest: string): string => `${document}\u0000${rest}`;
