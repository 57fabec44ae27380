import type { ConcordEvent } from "../../src/shared/domain/event.ts";
import type { DeviceObject } from "../../workers/ingest/device-object.ts";
import type { ProducerFault } from "./broker.ts";

/** What goes wrong while one batch is handled. `nth` counts the calls of the batch, so that each of them gets its turn. */
export type Faults = {
  readonly d1: "none" | "fails before" | "fails after the commit";
  readonly d1Nth: number;
  readonly object: "none" | "fails before" | "fails after" | "is overloaded" | "is reset";
  readonly objectNth: number;
  readonly events: ProducerFault;
  readonly deadLetters: ProducerFault;
  /** The handler's Worker dies behind its last effect: nothing that it said is heard. */
  readonly acksLost: boolean;
};

export const NO_FAULTS: Faults = {
  d1: "none",
  d1Nth: 0,
  object: "none",
  objectNth: 0,
  events: "none",
  deadLetters: "none",
  acksLost: false,
};

/** The texts that the platform documents as passing: developers.cloudflare.com/d1/observability/debug-d1 */
const D1_TEXTS = [
  "D1_ERROR: Network connection lost.",
  "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
  "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
  "D1_ERROR: D1 DB reset because its code was updated.",
  "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
];

/** A device whose rows D1 will not take: its record fails by itself, and nobody else's. */
export const POISON = "poison";

/** D1 with faults. `batch` is all that the write path and the dead letters use to write. */
export function faultyD1(db: D1Database, faults: () => Faults): D1Database {
  let calls = 0;
  const batch = async (statements: D1PreparedStatement[]) => {
    const { d1, d1Nth } = faults();
    const isIts = d1 !== "none" && calls++ % 2 === d1Nth % 2;
    const text = D1_TEXTS[calls % D1_TEXTS.length];
    if (isIts && d1 === "fails before") throw new Error(text);
    if (statements.some((statement) => (statement as Marked).isPoisoned)) {
      throw new Error("D1_TYPE_ERROR: Type 'poison' not supported for value 'poison'");
    }
    const results = await db.batch(statements.map((statement) => (statement as Marked).real ?? statement));
    if (isIts && d1 === "fails after the commit") throw new Error(text);
    return results;
  };
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    const bind = (...values: unknown[]) => {
      const isPoisoned = !sql.includes("dead_letters") && values.some((value) => String(value).includes(`:${POISON}`));
      return { real: statement.bind(...values), isPoisoned };
    };
    return { bind };
  };
  return { batch, prepare } as unknown as D1Database;
}

type Marked = { readonly real?: D1PreparedStatement; readonly isPoisoned?: boolean };

/** The device objects with faults. */
export function faultyObjects(
  devices: DurableObjectNamespace<DeviceObject>,
  faults: () => Faults,
  reset: (key: string) => Promise<void>,
) {
  let calls = 0;
  const merge = async (key: string, events: ConcordEvent[]) => {
    const { object, objectNth } = faults();
    const isIts = object !== "none" && calls++ % 3 === objectNth % 3;
    const passing = (flags: object) => Object.assign(new Error("Network connection lost."), flags);
    if (isIts && object === "fails before") throw passing({ retryable: true });
    if (isIts && object === "is overloaded") throw passing({ overloaded: true });
    const report = await devices.getByName(key).merge(events);
    if (isIts && object === "is reset") await reset(key);
    if (isIts && (object === "fails after" || object === "is reset")) throw passing({ retryable: true });
    return report;
  };
  return { getByName: (key: string) => ({ merge: (events: ConcordEvent[]) => merge(key, events) }) };
}
