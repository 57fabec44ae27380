import { gunzipSync } from "node:zlib";
import type { Answer, Observer } from "../peers/gate.ts";
import type { Placed } from "./cluster.ts";

type Entry = { readonly partition: number; readonly offset: number };

/** How many violations of one kind are kept. */
const KEPT = 10;

/**
 * What passes the gate between bridges and Concord. It holds every bridge to two promises: no record arrives while one
 * that lies before it in its partition was never answered for, and the answers speak for everything that was published.
 */
export class Ledger {
  /** How often Concord has answered for each record, by topic, partition and offset. */
  readonly #answered = new Map<string, number[]>();
  /** Up to where everything is answered for, by topic and partition. */
  readonly #complete = new Map<string, number>();
  readonly violations: string[] = [];
  /** Called with each request that arrives, before Concord has it. */
  onArrival: () => void = () => undefined;
  requests = 0;
  /** Different records that Concord has answered for. */
  distinct = 0;
  /** All records that it has answered for, repeats included. */
  deliveries = 0;

  readonly observe: Observer = (path, headers, body) => {
    const topic = decodeURIComponent(path.replace(/^\/topics\//, ""));
    const text = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    const { records } = JSON.parse(text.toString()) as { records: readonly Entry[] };
    this.requests += 1;
    this.#checkOrder(topic, records);
    this.onArrival();
    return (answer) => this.#settle(topic, records, answer);
  };

  /** Records of these that Concord has answered for, and repeats of them, by topic. */
  countsOf(records: readonly Placed[]): Map<string, { published: number; answered: number; repeats: number }> {
    const counts = new Map<string, { published: number; answered: number; repeats: number }>();
    for (const { topic, partition, offset } of records) {
      const count = counts.get(topic) ?? { published: 0, answered: 0, repeats: 0 };
      counts.set(topic, count);
      const times = this.#answered.get(`${topic}-${partition}`)?.[offset] ?? 0;
      count.published += 1;
      if (times > 0) count.answered += 1;
      count.repeats += Math.max(0, times - 1);
    }
    return counts;
  }

  /** Which of these Concord has not answered for, as ranges of offsets. */
  missingOf(records: readonly Placed[]): string[] {
    const missing = records.filter(({ topic, partition, offset }) => {
      return this.#answered.get(`${topic}-${partition}`)?.[offset] === undefined;
    });
    const byPartition = Map.groupBy(missing, ({ topic, partition }) => `${topic}-${partition}`);
    return [...byPartition].map(([name, all]) => {
      const offsets = all.map(({ offset }) => offset);
      return `${name}: ${all.length} are missing from ${Math.min(...offsets)} to ${Math.max(...offsets)}`;
    });
  }

  #checkOrder(topic: string, records: readonly Entry[]): void {
    for (const [partition, entries] of Map.groupBy(records, (record) => record.partition)) {
      const name = `${topic}-${partition}`;
      const [first] = entries as [Entry];
      const complete = this.#complete.get(name) ?? 0;
      if (first.offset > complete)
        this.#violate(`${name}: ${first.offset} was sent, and ${complete} is not answered for`);
      const isInOrder = entries.every(({ offset }, index) => offset === first.offset + index);
      if (!isInOrder) this.#violate(`${name}: sent out of order: ${entries.map(({ offset }) => offset)}`);
    }
  }

  #settle(topic: string, records: readonly Entry[], { status, body }: Answer): void {
    if (status !== 200) return;
    const { offsets } = JSON.parse(body.toString()) as { offsets: readonly { error_code: number | null }[] };
    for (const [index, { partition, offset }] of records.entries()) {
      if (offsets[index]?.error_code === 50003) continue;
      const name = `${topic}-${partition}`;
      const times = this.#answered.get(name) ?? [];
      this.#answered.set(name, times);
      if (times[offset] === undefined) this.distinct += 1;
      times[offset] = (times[offset] ?? 0) + 1;
      this.deliveries += 1;
      let complete = this.#complete.get(name) ?? 0;
      while (times[complete] !== undefined) complete += 1;
      this.#complete.set(name, complete);
    }
  }

  #violate(violation: string): void {
    if (this.violations.length < KEPT) this.violations.push(violation);
  }
}
