import type { ConcordEvent } from "#domain/event.ts";
import { isParcel } from "#queue/parcel.ts";
import type { DeviceObject } from "../../workers/devices/device-object.ts";
import { D1_OUTAGES } from "../support/outages.ts";
import { type FaultKind, type Faults, KILLER, OUTDATED, outdatedText, POISON, THROWER } from "./faults.ts";
import type { Ledger } from "./ledger.ts";
import type { Run } from "./run.ts";

/** What a store's stand-in needs while one handler runs. */
export type Circumstances = {
  readonly faults: Faults;
  readonly run: Run;
  /** Counts faults. */
  readonly strike: (kind: FaultKind) => void;
  /** Counts the handler's death, and kills it. */
  readonly die: (kind: FaultKind) => Promise<never>;
};

/** D1 with faults. The write path and the dead letters write through `batch` only, and read through it or one statement alone. */
export function faultyD1(db: D1Database, { faults, run, strike, die }: Circumstances): D1Database {
  const { d1, d1Nth, d1SlowMs, overtaken, dies } = faults;
  let calls = 0;
  let writes = 0;
  const batch = async (statements: Bound[]) => {
    if (run.isDead) return run.die();
    const isIts = calls++ % 2 === d1Nth % 2;
    const fault = isIts || d1 === "is out" ? d1 : "none";
    const outage = new Error(D1_OUTAGES[d1Nth % D1_OUTAGES.length]);
    const real = statements.map((statement) => statement.real);
    if (fault !== "none") strike(`D1 ${fault}`);
    if (d1SlowMs > 0) strike("D1 is slow");
    if (isIts && dies === "before D1") return die("handler dies before D1");
    await slow();
    if (fault === "is out" || fault === "fails before") throw outage;
    if (statements.some(({ isPoisoned }) => isPoisoned)) throw poisoned(strike);
    if (fault === "breaks off at a statement") {
      await run.hears(breakOff(db, real, d1Nth));
      // The error's text would count against innocent records, and a schedule could draw it five times.
      throw outage;
    }
    if (isOvertaken(statements)) await run.hears(overtake(db, statements));
    const results = await run.hears(db.batch(real));
    await slow();
    if (isIts && dies === "behind D1") return die("handler dies behind D1");
    if (fault === "fails after the commit") throw outage;
    return results;
  };
  const slow = async () => {
    if (d1SlowMs > 0) await run.hears(scheduler.wait(d1SlowMs));
  };
  const isOvertaken = (statements: readonly Bound[]) => {
    if (overtaken === "none" || !statements.some(changesDevices)) return false;
    const isSo = writes++ === 0 || overtaken === "every time";
    if (isSo) strike(`overtaken ${overtaken}`);
    return isSo;
  };
  const prepare = (sql: string) => ({
    bind: (...values: unknown[]): Bound & { all(): Promise<D1Result | undefined> } => {
      const bound = {
        sql,
        values,
        real: db.prepare(sql).bind(...values),
        isPoisoned: !NOT_OF_DEVICES.test(sql) && values.some((value) => String(value).includes(`:${POISON}`)),
      };
      return { ...bound, all: async () => (await batch([bound]))[0] };
    },
  });
  return { batch, prepare, withSession: () => ({ batch, prepare, getBookmark: () => null }) } as unknown as D1Database;
}

/** Tables that take what a device's rows do not. */
const NOT_OF_DEVICES = /dead_letters|forgotten/;

type Bound = {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly real: D1PreparedStatement;
  readonly isPoisoned: boolean;
};

function poisoned(strike: Circumstances["strike"]): Error {
  strike(POISON);
  return new Error("D1_TYPE_ERROR: Type 'poison' not supported for value 'poison'");
}

const changesDevices = ({ sql }: Bound): boolean => sql.startsWith("UPDATE devices");

/** Simulates a faster consumer: devices that are about to be written get another revision first. */
async function overtake(db: D1Database, statements: readonly Bound[]): Promise<void> {
  await db.batch(statements.filter(changesDevices).map(({ values }) => db.prepare(OVERTAKE).bind(...values)));
}

const OVERTAKE = `UPDATE devices SET revision = revision + 1
  WHERE key IN (SELECT value->>'k' FROM json_each(?1))`;

/** Makes D1 itself refuse a statement in the middle of a transaction, which it then rolls back. */
async function breakOff(db: D1Database, statements: readonly D1PreparedStatement[], nth: number): Promise<void> {
  const refused = db.prepare(REFUSED);
  await db.batch(statements.toSpliced(nth % (statements.length + 1), 0, refused)).catch(() => {});
}

/** Fails when it runs, not when it is prepared, so D1 has run the statements before it and has to roll them back. */
const REFUSED = "SELECT json('{')";

/**
 * The device objects with faults. None of them dies between two writes, since a device is one value with one write.
 * @param reset evicts an object, which loses what is not stored
 */
export function faultyObjects(
  devices: DurableObjectNamespace<DeviceObject>,
  reset: (key: string) => Promise<void>,
  { faults, run, strike, die }: Circumstances,
) {
  const { object, objectNth, dies } = faults;
  let calls = 0;
  const merge = async (key: string, events: ConcordEvent[]) => {
    if (run.isDead) return run.die();
    const isIts = calls++ % 3 === objectNth % 3;
    const fault = isIts ? object : "none";
    if (fault !== "none") strike(`object ${fault}`);
    if (key.includes(`:${KILLER}`)) return die(KILLER);
    if (key.includes(`:${THROWER}`)) {
      strike(THROWER);
      throw new TypeError("Cannot read properties of undefined (reading 'thrower')");
    }
    const passing = (flags: object) => Object.assign(new Error("Network connection lost."), flags);
    if (fault === "fails before") throw passing({ retryable: true });
    if (fault === "is overloaded") throw passing({ overloaded: true });
    const report = await run.hears(devices.getByName(key).merge(events));
    if (isIts && dies === "behind the object") return die("handler dies behind the object");
    if (fault === "is reset") await run.hears(reset(key));
    if (fault === "fails after" || fault === "is reset") throw passing({ retryable: true });
    return report;
  };
  return { getByName: (key: string) => ({ merge: (events: ConcordEvent[]) => merge(key, events) }) };
}

/** A producer binding of a handler that may die. */
export function mortalQueue({ sendBatch }: Queue<unknown>, run: Run, ledger: Ledger): Queue<unknown> {
  const mortal: Pick<Queue<unknown>, "sendBatch"> = {
    sendBatch: async (batch) => {
      const messages = [...batch];
      if (run.isDead) return run.die();
      run.hasSent = true;
      for (const { body } of messages) ledger.sent(body, run);
      return sendBatch(messages.map((message) => ({ ...message, body: outdated(message.body) })));
    },
  };
  return mortal as Queue<unknown>;
}

/** A parcel as the consumer will parse it. */
function outdated(body: unknown): unknown {
  if (!isParcel(body)) return body;
  const records = body.records.map((record) =>
    record.key?.startsWith(OUTDATED) ? { ...record, value: outdatedText(record.value ?? "") } : record,
  );
  return { ...body, records };
}
