import type { Compared } from "../compare/compare.ts";
import type { Control } from "./state.ts";

/** A field is left out where the old side disagrees with itself in so many items, and in such a share of them. */
const [MIN_DIFFERED, MIN_SHARE] = [2, 0.1];

/** What the control run has found, by document and field. */
export class ControlTally {
  readonly #tallies = new Map<string, Control>();

  constructor(known: readonly Control[]) {
    for (const each of known) this.#tallies.set(keyOf(each.document, each.field), { ...each });
  }

  /** @param compared the old side with itself */
  add(document: string, compared: readonly Compared[]): void {
    for (const { field, kind } of compared) {
      if (kind === "error") continue;
      const tally = this.#tallies.get(keyOf(document, field)) ?? { document, field, compared: 0, differed: 0 };
      tally.compared++;
      if (kind !== "match") tally.differed++;
      this.#tallies.set(keyOf(document, field), tally);
    }
  }

  /** Whether so much of a field is noise that nothing can be said of it. */
  isNoisy(document: string, field: string): boolean {
    const tally = this.#tallies.get(keyOf(document, field));
    return tally !== undefined && isNoisy(tally);
  }

  all(): Control[] {
    return [...this.#tallies.values()];
  }
}

export const isNoisy = ({ compared, differed }: Control): boolean =>
  differed >= MIN_DIFFERED && differed / compared >= MIN_SHARE;

const keyOf = (document: string, field: string): string => `${document}\u0000${field}`;
