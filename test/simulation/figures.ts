import { Tally } from "#telemetry/metrics.ts";
import type { FaultKind } from "./faults.ts";

/** Counts of what the schedules of one test run did. */
export class Figures {
  schedules = 0;
  records = 0;
  deliveries = 0;
  redeliveries = 0;
  /** Items that subscribers of hubs got. */
  heard = 0;
  /** Objects of the archive, records in them, and how many of these are copies of others. */
  rawObjects = 0;
  archived = 0;
  copies = 0;
  readonly faults = new Tally<FaultKind>();

  toString(): string {
    const { schedules, records, deliveries, redeliveries, heard, rawObjects, archived, copies } = this;
    const kinds = Object.entries(this.faults.toCounts()).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const faults = `${this.faults.total} faults (${kinds.map(([kind, count]) => `${kind} ${count}`).join(", ")})`;
    return `${schedules} schedules, ${records} records, ${deliveries} deliveries, ${redeliveries} redeliveries, ${heard} items heard through hubs, ${archived} records archived in ${rawObjects} objects, ${copies} of them copies, ${faults}`;
  }
}
