import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import type { DeviceObject } from "../../workers/devices/device-object.ts";

export const { ARCHIVE, DB, DEVICES, HUBS } = env as unknown as {
  ARCHIVE: R2Bucket;
  DB: D1Database;
  DEVICES: DurableObjectNamespace<DeviceObject>;
  HUBS: DurableObjectNamespace;
};

type D1Hooks = {
  /** @param batch its statements as text, and their parameters */
  readonly before?: (batch: string) => unknown;
  readonly after?: (batch: string, results: readonly D1Result[]) => unknown;
};

/** The real D1. A test may inspect, delay and fail each batch before it runs and after its commit. */
export function d1With({ before, after }: D1Hooks): D1Database {
  const texts = new WeakMap<D1PreparedStatement, string>();
  const prepare = (sql: string) => {
    const statement = DB.prepare(sql);
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => {
      const bound = bind(...values);
      texts.set(bound, `${sql} ${values}`);
      return bound;
    };
    return statement;
  };
  const batch = async (statements: D1PreparedStatement[]) => {
    const text = statements.map((statement) => texts.get(statement)).join("; ");
    await before?.(text);
    const results = await DB.batch(statements);
    await after?.(text, results);
    return results;
  };
  return { prepare, batch, withSession: () => ({ prepare, batch, getBookmark: () => null }) } as unknown as D1Database;
}

type ObjectHooks = {
  readonly before?: (key: string, events: ConcordEvent[]) => unknown;
  readonly after?: (key: string) => unknown;
};

/** The real device objects. A test may inspect, delay and fail each merge before and after it. */
export function objectsWith({ before, after }: ObjectHooks) {
  const merge = async (key: string, events: ConcordEvent[], consistencyToken: string | null) => {
    await before?.(key, events);
    const report = await DEVICES.getByName(key).merge(events, consistencyToken);
    await after?.(key);
    return report;
  };
  return {
    getByName: (key: string) => ({
      merge: (events: ConcordEvent[], consistencyToken: string | null) => merge(key, events, consistencyToken),
    }),
  };
}

export const isWrite = (batch: string): boolean => batch.includes("INSERT");

/** A fault: throws an error with this text. */
export const fails =
  (text: string, flags: object = {}) =>
  (): never => {
    throw Object.assign(new Error(text), flags);
  };

export const isOut = fails("D1_ERROR: Network connection lost.");

/** The error of D1 for a record that is itself at fault. Letters of the device are accepted. */
export const refuses = (device: string) => (batch: string) => {
  if (batch.includes(`elt:${device}`) && !batch.includes("dead_letters")) fails("D1_TYPE_ERROR: not supported")();
};

/** Never settles, like anything that a dead Worker awaits. */
export const never = () => new Promise<never>(() => {});

const objectOf = (device: string) => DEVICES.getByName(`elt:${device}`);

/** Evicts a device's object, so that its next answers come from its storage. */
export const evict = (device: string): Promise<void> => evictDurableObject(objectOf(device));

/** Calls back whenever a device's object writes. */
export const onWrites = (device: string, then: () => void): Promise<void> =>
  runInDurableObject(objectOf(device), (_, { storage: { kv } }) => {
    const put = kv.put.bind(kv);
    vi.spyOn(kv, "put").mockImplementation((key, value) => {
      then();
      put(key, value);
    });
  });

/** Sends events to a device's object whose write fails. */
export const failToWrite = (device: string, events: ConcordEvent[]): Promise<void> =>
  runInDurableObject(objectOf(device), async (object, { storage: { kv } }) => {
    vi.spyOn(kv, "put").mockImplementationOnce(fails("the write failed"));
    // Caught in here, because workerd prints whatever an object throws.
    await object.merge(events).catch(() => {});
  });

type R2Hooks = { readonly before?: () => void; readonly after?: () => void };

/** The real R2, of which a test may fail each write before it happens, or behind it. */
export const r2With = ({ before, after }: R2Hooks): Pick<R2Bucket, "put"> => ({
  put: (async (...call: Parameters<R2Bucket["put"]>) => {
    before?.();
    const object = await ARCHIVE.put(...call);
    after?.();
    return object;
  }) as R2Bucket["put"],
});
