import { type KafkaRecord, nameOf } from "../kafka-record.ts";
import { InstanceError } from "./instance.ts";

/** Offsets that no record came for. `isStart`: before the first record that an instance brought. */
type Gap = { readonly from: number; readonly to: number; readonly isStart: boolean };

/**
 * Tells records that were lost between the proxy and here from offsets that never had any. A balancer that asks the
 * proxy a second time when the first answer does not come passes the second on, which is whole: what was in the first
 * shows only as a gap. So the records around a gap are read again by another instance. If the gap is there again, the
 * log is like that, as retention, compaction and transactions leave it.
 */
export class Gaps {
  readonly #suspected = new Map<string, Gap>();
  /** Topics whose logs have gaps. They are not looked into any more, or each gap would cost an instance. */
  readonly #gappy = new Set<string>();
  /** Of the instance that is read from: the offset that is expected next, and the partitions that it has brought. */
  readonly #next = new Map<string, number>();
  readonly #begun = new Set<string>();

  /** Another instance is read from, or one that has other partitions now. */
  restart(): void {
    this.#next.clear();
    this.#begun.clear();
  }

  /** Where a partition goes on, if that is known. */
  expect(partition: string, offset: number): void {
    if (!this.#begun.has(partition)) this.#next.set(partition, offset);
  }

  /** @throws InstanceError if records may have been lost before these */
  check(records: readonly KafkaRecord[]): void {
    for (const record of records) {
      const name = nameOf(record);
      const next = this.#next.get(name) ?? record.offset;
      const gap = { from: next, to: record.offset, isStart: !this.#begun.has(name) };
      const isKnown = this.#recall(record) || this.#gappy.has(record.topic);
      if (record.offset > next && !isKnown) {
        this.#suspected.set(name, gap);
        throw new InstanceError(`No record came for the offsets of ${name} from ${gap.from} to ${gap.to - 1}`);
      }
      this.#begun.add(name);
      this.#next.set(name, Math.max(next, record.offset + 1));
    }
  }

  /** @returns whether the gap before this record was there for another instance too */
  #recall(record: KafkaRecord): boolean {
    const name = nameOf(record);
    const gap = this.#suspected.get(name);
    if (!gap || record.offset < gap.from || record.offset > gap.to) return false;
    this.#suspected.delete(name);
    if (record.offset < gap.to) return false;
    if (!gap.isStart) this.#gappy.add(record.topic);
    return true;
  }
}
