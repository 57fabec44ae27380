import type { Difference } from "#archive/compare/difference.ts";
import { bucketOf } from "#archive/names.ts";
import { sha256Hex } from "#base/digest.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { DifferenceJson } from "#ops/archive-verification.ts";
import { toDifferenceJson } from "./masking.ts";
import { OTHERS, type Shelves } from "./shelves.ts";
import { add, type BucketSum, type VerificationState } from "./state.ts";
import { addHashes, NO_SUM } from "./sums.ts";

/** Differences of one run that are kept; further ones are counted. Our choice. */
export const MAX_KEPT = 1_000;

/** What a step has found, on top of the state that it began with: a step that is repeated counts nothing twice. */
export class Findings {
  readonly #kept = new Map<string, DifferenceJson>();
  #state: VerificationState;

  constructor(state: VerificationState) {
    this.#state = state;
  }

  get state(): VerificationState {
    return this.#state;
  }

  /** Of a device. */
  async addDevice(
    key: DeviceKey,
    differences: readonly Difference[],
    hashes: Pick<BucketSum, "archived" | "live"> | null,
  ): Promise<void> {
    const bucket = this.#state.device ?? bucketOf(key);
    const before = this.#state.buckets[bucket] ?? NO_SUM;
    const sum = { ...(hashes ? addHashes(before, hashes) : before) };
    await this.#keep(bucket, differences);
    this.#state = {
      ...this.#state,
      buckets: {
        ...this.#state.buckets,
        [bucket]: { ...sum, differences: sum.differences + differences.length },
      },
    };
  }

  /** Of dealers, customers and counts. */
  async addOthers(differences: readonly Difference[]): Promise<void> {
    await this.#keep(this.#state.device ?? OTHERS, differences);
    this.#state = { ...this.#state, others: this.#state.others + differences.length };
  }

  async #keep(bucket: string, differences: readonly Difference[]): Promise<void> {
    const { run, figures } = this.#state;
    const kept = differences.slice(0, Math.max(0, MAX_KEPT - figures.kept));
    for (const difference of kept) {
      const json = toDifferenceJson(difference);
      const hash = await sha256Hex(`${json.place} ${json.subject} ${json.path} ${json.cause}`, 8);
      this.#kept.set(`${bucket} ${run} ${hash}`, json);
    }
    this.#state = {
      ...this.#state,
      figures: add(figures, { differences: differences.length, kept: kept.length }),
    };
  }

  /** Stores the differences, before the state that counts them. */
  async save(shelves: Shelves): Promise<VerificationState> {
    await shelves.differences.put(this.#kept);
    return this.#state;
  }
}
