import type { FaultLine } from "./faults-file.ts";

/** Faults with the same cause, and where the first of them are. */
export type FaultGroup = {
  readonly table: string;
  readonly topic: string;
  readonly reason: string;
  readonly message: string;
  count: number;
  readonly examples: { readonly file: string; readonly place: string }[];
};

const MAX_GROUPS = 200;
const MAX_EXAMPLES = 3;

/** Groups of faults, the largest first. */
export class FaultGroups {
  readonly #groups = new Map<string, FaultGroup>();

  add({ table, topic, reason, message, file, place }: FaultLine): void {
    // Beyond so many, messages differ in what each row has, and the reason alone says more.
    const told = this.#groups.size < MAX_GROUPS ? message : "others";
    const key = JSON.stringify([table, topic, reason, told]);
    let group = this.#groups.get(key);
    if (!group) {
      group = { table, topic, reason, message: told, count: 0, examples: [] };
      this.#groups.set(key, group);
    }
    group.count += 1;
    if (group.examples.length < MAX_EXAMPLES) group.examples.push({ file, place });
  }

  list(): FaultGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }
}
