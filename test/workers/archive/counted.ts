import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";

/** What the platform bills of a job. */
export type Counted = {
  d1RowsRead: number;
  d1RowsWritten: number;
  /** Operations of R2 that read, and that write or list; deleting is free. */
  bucketReads: number;
  bucketWrites: number;
  /** Calls of objects of devices, feeds and hubs. */
  objectCalls: number;
  /** Of the job's own object: rows that it writes or deletes beside its state. */
  jobRowsWritten: number;
};

const NOTHING: Counted = {
  ...{ d1RowsRead: 0, d1RowsWritten: 0, bucketReads: 0, bucketWrites: 0, objectCalls: 0, jobRowsWritten: 0 },
};

const OF_BUCKET: Readonly<Record<string, "bucketReads" | "bucketWrites">> = {
  ...{ get: "bucketReads", head: "bucketReads", put: "bucketWrites", list: "bucketWrites" },
};

type Method = (...args: readonly unknown[]) => unknown;

/** @param around gets each call of a method by its name, and what does it */
function watched<T extends object>(
  target: T,
  around: (name: string, args: readonly unknown[], act: () => unknown) => unknown,
): T {
  return new Proxy(target, {
    get(_, property) {
      const member = Reflect.get(target, property, target) as unknown;
      if (typeof member !== "function" || typeof property !== "string") return member;
      return (...args: readonly unknown[]) =>
        around(property, args, () => (target as Record<string, Method>)[property]?.(...args));
    },
  });
}

/** Deps whose stores count what is billed. */
export function countedDeps(deps: JobDeps): { readonly deps: JobDeps; readonly counted: Counted } {
  const counted = { ...NOTHING };
  const bucket = watched(deps.bucket, (name, _, act) => {
    const kind = OF_BUCKET[name];
    if (kind) counted[kind]++;
    return act();
  });
  const storage = watched(deps.storage, (name, [first], act) => {
    if (name === "put") counted.jobRowsWritten += typeof first === "string" ? 1 : Object.keys(first as object).length;
    if (name === "delete") counted.jobRowsWritten += Array.isArray(first) ? first.length : 1;
    return act();
  });
  const kv = watched(deps.storage.kv, (name, _, act) => {
    if (name === "put" || name === "delete") counted.jobRowsWritten++;
    return act();
  });
  const namespace = (objects: DurableObjectNamespace) =>
    watched(objects, (_, __, act) =>
      watched(act() as object, (___, ____, call) => {
        counted.objectCalls++;
        return call();
      }),
    );
  const { devices, feeds, hubs } = deps.objects;
  return {
    counted,
    deps: {
      ...deps,
      bucket,
      storage: new Proxy(storage, { get: (its, name) => (name === "kv" ? kv : Reflect.get(its, name)) }),
      db: countedDatabase(deps.db, counted),
      rebuilt: deps.rebuilt && countedDatabase(deps.rebuilt, counted),
      objects: { devices: namespace(devices), feeds: namespace(feeds), hubs: namespace(hubs) },
    },
  };
}

function countedDatabase(db: D1Database, counted: Counted): D1Database {
  const real = new WeakMap<object, D1PreparedStatement>();
  const count = (result: D1Result): D1Result => {
    counted.d1RowsRead += result.meta.rows_read;
    counted.d1RowsWritten += result.meta.rows_written;
    return result;
  };
  const statement = (its: D1PreparedStatement): D1PreparedStatement => {
    const proxy = watched(its, async (name, args, act) => {
      if (name === "all" || name === "run") return count((await act()) as D1Result);
      // The others do not say how many rows they read.
      const result = count(await its.all());
      const [row] = result.results as Record<string, unknown>[];
      const [column] = args;
      if (name === "first") return row === undefined ? null : typeof column === "string" ? row[column] : row;
      return (result.results as Record<string, unknown>[]).map((each) => Object.values(each));
    });
    const made = new Proxy(proxy, {
      get: (target, name) =>
        name === "bind" ? (...values: unknown[]) => statement(its.bind(...values)) : Reflect.get(target, name),
    });
    real.set(made, its);
    return made;
  };
  return new Proxy(db, {
    get(_, name) {
      if (name === "prepare") return (sql: string) => statement(db.prepare(sql));
      if (name === "batch")
        return async (statements: D1PreparedStatement[]) => {
          const results = await db.batch(statements.map((each) => real.get(each) ?? each));
          return results.map(count);
        };
      if (name === "withSession")
        return (...args: [string?]) => countedDatabase(db.withSession(...args) as unknown as D1Database, counted);
      const member = Reflect.get(db, name, db) as unknown;
      return typeof member === "function" ? (member as Method).bind(db) : member;
    },
  });
}
