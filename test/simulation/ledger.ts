import type { Line } from "./archived.ts";
import type { Delivery, QueueName } from "./broker.ts";
import type { Run } from "./run.ts";

/** A record as a queue took it from the boundary. */
export type Accepted = Pick<Line, "topic" | "key" | "value" | "receivedAtMs"> & { readonly lane: string };

type Queued = Omit<Accepted, "lane"> & { readonly receipt?: string };
type Parcel = { readonly kind: "parcel"; readonly id: string; readonly lane?: string; readonly records: Queued[] };
type Letters = {
  readonly kind: "letters";
  readonly letters: readonly {
    readonly stage: string;
    readonly record: Queued;
    readonly failure: { reason: string };
  }[];
};

/**
 * Reads along at the queues and at R2: which records were accepted, and whether the archive has each before the queues let
 * go of it. What it finds it notes: thrown in a handler, it would be one more fault.
 */
export class Ledger {
  /** By receipt. */
  readonly accepted = new Map<string, Accepted>();
  readonly violations = new Set<string>();
  /** What R2 has, whether or not the consumer knows. */
  readonly #taken = new Set<string>();
  /** Requests that the boundary has not answered. While there are any, it is the boundary that sends. */
  requests = 0;

  /** R2 has an object with these records. */
  take(receipts: readonly string[]): void {
    for (const receipt of receipts) this.#taken.add(receipt);
  }

  /** A queue has taken a message. */
  put(queue: QueueName, text: string): void {
    const body = JSON.parse(text) as Parcel | Letters | { readonly kind: "settlements" };
    if (body.kind === "parcel" && queue !== "deadLetters") this.#putParcel(body);
    if (body.kind === "letters") this.#putLetters(body);
  }

  #putParcel({ id, lane = "live", records }: Parcel): void {
    for (const [i, { topic, key, value, receivedAtMs, ...record }] of records.entries()) {
      const receipt = record.receipt ?? `${id}.${i}`;
      if (this.requests > 0) this.accepted.set(receipt, { topic, key, value, receivedAtMs, lane });
      else if (!this.accepted.has(receipt)) this.violations.add("a record went back to a queue as another");
    }
  }

  /** Of a record that killed its consumer nothing is known that could be archived. */
  #putLetters({ letters }: Letters): void {
    for (const { stage, failure, record } of letters) {
      if (stage !== "consume" || failure.reason === "crash") continue;
      if (!this.#taken.has(record.receipt ?? ""))
        this.violations.add("a letter was sent before its record was archived");
    }
  }

  /** @param run the handler that sends the message, with what R2 has confirmed to it */
  sent(body: unknown, { archived, copied }: Pick<Run, "archived" | "copied">): void {
    const { kind, records } = body as Parcel;
    if (kind === "parcel" && records.some(({ receipt = "" }) => archived.has(receipt) && !copied.has(receipt)))
      this.violations.add("a record was archived although it was not settled");
  }

  /** The records that are more than once in a batch, of which one copy may be settled and another go back to the queue. */
  copiesIn(deliveries: readonly Delivery[]): string[] {
    const all = deliveries.flatMap(({ message }) => {
      const { id, records = [] } = JSON.parse(message.body) as Partial<Parcel>;
      return records.map(({ receipt }, i) => receipt ?? `${id}.${i}`);
    });
    return all.filter((receipt, i) => all.indexOf(receipt) < i);
  }

  /** @param waiting the text of all that waits in queues, behind the handler's end */
  acknowledged(deliveries: readonly Delivery[], waiting: () => string): void {
    for (const { message, verdict } of deliveries) {
      const { id, records } = JSON.parse(message.body) as Parcel;
      if (verdict !== "ack") continue;
      const missing = records
        .map(({ receipt }, i) => receipt ?? `${id}.${i}`)
        .filter((receipt) => !this.#taken.has(receipt));
      if (missing.length === 0) continue;
      const text = waiting();
      if (missing.some((receipt) => !text.includes(`"receipt":"${receipt}"`)))
        this.violations.add("a message was acknowledged before each of its records was archived or in a queue");
    }
  }
}
