import { describe, expect, it, vi } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { inAJob, runToEnd } from "./dying.ts";
import {
  ARCHIVE,
  archive,
  clear,
  consume,
  DB,
  detailsOf,
  objectsOf,
  type Projection,
  plantInObject,
  REBUILT,
  rowsIn,
  type Sample,
  shuffled,
  timedRebuild,
  yearOf,
} from "./rebuild-world.ts";

vi.setConfig({ testTimeout: 120_000 });

const PACE = { pace: 100_000 };
const keysIn = (samples: readonly Sample[]) => samples.map(({ event }) => event.deviceKey);

const run = (params: object, kind = timedRebuild()) => inAJob((deps) => runToEnd(kind, { ...PACE, ...params }, deps));

/** A year that was consumed and archived, each in an order of its own. */
async function year(seed: number, events: number, project?: Projection): Promise<Sample[]> {
  const samples = yearOf(seed, events);
  await clear(keysIn(samples));
  await consume(shuffled(samples, seed), project);
  await archive(shuffled(samples, seed + 1));
  return samples;
}

describe("the state that is rebuilt from the archive", () => {
  it("of a year equals the live one, row by row and object by object, in another order of events", async () => {
    const samples = await year(1, 600);
    const before = [await rowsIn(DB), await objectsOf(keysIn(samples))];
    const state = await run({ into: "D1", keep: true });
    expect(detailsOf(state)).toMatchObject({ found: { total: 0, first: [] }, left: null });
    expect(state.records).toBeGreaterThanOrEqual(samples.length);
    expect(state.compared).toBeGreaterThan(10);
    expect(await rowsIn(REBUILT)).toEqual(before[0]);
    expect([await rowsIn(DB), await objectsOf(keysIn(samples))]).toEqual(before);
  });

  it("leaves nothing behind, unless it is to be kept", async () => {
    const samples = await year(2, 200);
    await run({ into: "D1" });
    expect(Object.values(await rowsIn(REBUILT)).flat()).toEqual([]);
    expect((await objectsOf(keysIn(samples))).every(({ hasSecond }) => !hasSecond)).toBe(true);
  });

  it("is not begun in a database that has rows, except when these may be removed", async () => {
    await year(3, 200);
    await run({ into: "D1", keep: true });
    const again = run({ into: "D1" });
    await expect(again).rejects.toThrow("--restart");
    const state = await run({ into: "D1", restart: true });
    expect(detailsOf(state).found.total).toBe(0);
  });

  it("of a job that was canceled is removed when an operator asks for it", async () => {
    const samples = await year(5, 160);
    await expect(
      run(
        { into: "D1" },
        timedRebuild(async ({ plan }) => {
          if (plan[0] === "compare") throw new Error("an operator cancels it here");
        }),
      ),
    ).rejects.toThrow("cancels");
    expect((await objectsOf(keysIn(samples))).some(({ hasSecond }) => hasSecond)).toBe(true);
    await run({ into: "D1", clear: true });
    expect(Object.values(await rowsIn(REBUILT)).flat()).toEqual([]);
    expect((await objectsOf(keysIn(samples))).some(({ hasSecond }) => hasSecond)).toBe(false);
  });

  it("follows the archive until it is canceled, if it is asked to", async () => {
    const samples = yearOf(6, 160);
    await clear(keysIn(samples));
    await archive(samples.slice(0, 100));
    const canceled = new Error("an operator cancels it here");
    let rounds = 0;
    const kind = timedRebuild(async ({ plan, round }) => {
      if (plan[0] !== "follow" || round !== null) return;
      rounds += 1;
      if (rounds === 1) {
        await consume(samples);
        await archive(samples.slice(100));
      }
      if (rounds === 3) throw canceled;
    });
    await expect(run({ into: "D1", compare: false, follow: true }, kind)).rejects.toThrow(canceled);
    expect(await rowsIn(REBUILT)).toEqual(await rowsIn(DB));
  });

  it("refuses parameters that it does not know", async () => {
    await expect(run({ into: "elsewhere" })).rejects.toThrow("Nothing was started: into");
  });
});

describe("a lost database", () => {
  it("is rebuilt in place while events flow, and equals what it was", async () => {
    const samples = yearOf(4, 500);
    await clear(keysIn(samples));
    const [old, newer] = [samples.slice(0, 350), samples.slice(350)];
    await consume(samples);
    const [rows, objects] = [await rowsIn(DB), await objectsOf(keysIn(samples))];
    await clear(keysIn(samples));
    await archive(old);
    let arrived = 0;
    const arriving = timedRebuild(async () => {
      const batch = newer.slice(arrived, arrived + 40);
      arrived += batch.length;
      await consume(batch);
      await archive(batch);
    });
    await run({ into: "live" }, arriving);
    await consume(newer.slice(arrived));
    expect(await rowsIn(DB)).toEqual(rows);
    expect(await objectsOf(keysIn(samples))).toEqual(objects);
  });
});

const customersIn = (samples: readonly Sample[]): string[] => [
  ...new Set(
    samples.flatMap(({ event: { deviceKey, change } }) =>
      change.customer ? [`${deviceKey.slice(0, deviceKey.indexOf(":"))}:${change.customer.customerId}`] : [],
    ),
  ),
];
const namesIn = (samples: readonly Sample[]): string[] =>
  samples.flatMap(({ event }) => (event.change.customer ? [event.change.customer.name] : []));

type Fault = {
  /** What a consumer with this fault merges instead. */
  readonly project?: Projection;
  /** What it leaves in D1. */
  readonly plant?: string;
  /** How it is named. */
  readonly found: readonly string[];
};

const without =
  (member: keyof ConcordEvent["change"], isLost: (event: ConcordEvent) => boolean = () => true): Projection =>
  (event) => {
    const { [member]: _, ...change } = event.change;
    return isLost(event) ? { ...event, change } : event;
  };

const FAULTS: Readonly<Record<string, Fault>> = {
  "a consumer that ignored the end of alerts": {
    project: without("alert", ({ topic }) => topic.endsWith("alert.cleared")),
    found: ["alert older"],
  },
  "a wrong tie-break of dealers": {
    plant: `UPDATE devices SET aspects = json_set(aspects, '$.dealer.value.dealerId', 'D-0'), dealer_id = 'D-0'
      WHERE dealer_id IS NOT NULL`,
    found: ["device sameVersion"],
  },
  "a dropped aspect": { project: without("profile"), found: ["device missing", "snapshot missing"] },
  "columns that do not follow from their states": {
    plant: "UPDATE devices SET status = 'OFFLINE', registered_at = NULL WHERE status = 'ONLINE'",
    found: ["device derived"],
  },
  "a lost batch": {
    project: (event, index) => (index >= 60 && index < 160 ? null : event),
    found: ["history missing"],
  },
  "lost alerts": { plant: "DELETE FROM alerts WHERE state = 'OPEN'", found: ["alert missing"] },
  "lost devices": {
    plant: "DELETE FROM devices WHERE key IN (SELECT key FROM devices LIMIT 2)",
    found: ["device missing"],
  },
  "a lost assignment": { plant: "DELETE FROM assignments WHERE dealer_id IS NOT NULL", found: ["assignment missing"] },
  "an older record of a customer": {
    plant:
      "UPDATE customer_records SET version = '2020' || substr(version, 5), name = 'Eve', value = json_set(value, '$.name', 'Eve')",
    found: ["customer older"],
  },
  "wrong counts": { plant: "UPDATE device_counts SET devices = devices + 1", found: ["deviceCount count"] },
  "texts of the search": { plant: "UPDATE device_texts SET name = 'Cellar'", found: ["device search"] },
};

describe("a switch", () => {
  it.each(Object.entries(FAULTS))("repairs %s, once it was found and named", async (_, { project, plant, found }) => {
    const samples = yearOf(10, 260, 6);
    await clear(keysIn(samples));
    await consume(samples);
    const [rows, objects] = [await rowsIn(DB), await objectsOf(keysIn(samples))];
    await clear(keysIn(samples));
    await consume(samples, project);
    if (plant) await DB.prepare(plant).run();
    await archive(samples);
    const wrong = [await rowsIn(DB), await objectsOf(keysIn(samples))];
    expect(wrong).not.toEqual([rows, objects]);
    const switched = detailsOf(await run({ into: "D1", switch: true }));
    expect(Object.keys(switched.found.counts)).toEqual(expect.arrayContaining([...found]));
    expect(switched.found.first[0]?.text).toMatch(/./);
    expect(switched.left).toMatchObject({ total: 0, first: [] });
    expect(switched.bookmark).toMatch(/./);
    expect(await rowsIn(DB)).toEqual(rows);
    expect(await objectsOf(keysIn(samples))).toEqual(objects);
  });

  it("is not made by a comparison, which changes nothing", async () => {
    const samples = await year(21, 200);
    await DB.prepare("UPDATE devices SET aspects = json_remove(aspects, '$.status')").run();
    const wrong = await rowsIn(DB);
    const { found } = detailsOf(await run({ into: "D1" }));
    expect(found.counts["device missing"]).toBeGreaterThan(0);
    expect(await rowsIn(DB)).toEqual(wrong);
    expect((await objectsOf(keysIn(samples))).length).toBeGreaterThan(0);
  });

  it("keeps what the archive does not have, and names it", async () => {
    const samples = yearOf(22, 200);
    await clear(keysIn(samples));
    await consume(samples);
    const rows = await rowsIn(DB);
    await archive(samples.slice(20));
    const { found, left } = detailsOf(await run({ into: "D1", switch: true }));
    expect(found.counts["history notArchived"]).toBeGreaterThan(0);
    expect(left?.counts).toEqual(found.counts);
    expect(await rowsIn(DB)).toEqual(rows);
  });

  it("keeps a value above the archive's version, names it, and repairs it once an operator has removed it", async () => {
    const samples = yearOf(26, 200);
    await clear(keysIn(samples));
    await consume(samples);
    await archive(samples);
    const rows = await rowsIn(DB);
    const { key } =
      (await DB.prepare("SELECT key FROM devices WHERE status = 'ONLINE' LIMIT 1").first<{ key: string }>()) ?? {};
    const future = `json_set(aspects, '$.status.version', '2040-01-01T00:00:00.000Z/hand', '$.status.value.online', json('false'))`;
    await DB.prepare(`UPDATE devices SET aspects = ${future} WHERE key = ?1`).bind(key).run();
    await DB.prepare(
      "INSERT INTO devices (key, aspects, latest, revision, status) VALUES ('elt:nobody', '{}', '2026-11-20T00:00:00.000Z/hand', 1, 'ONLINE')",
    ).run();
    const { left } = detailsOf(await run({ into: "D1", switch: true }));
    expect(left?.counts["device newer"]).toBeGreaterThan(0);
    expect(left?.counts["device notArchived"]).toBe(1);
    await DB.prepare("UPDATE devices SET aspects = json_remove(aspects, '$.status') WHERE key = ?1").bind(key).run();
    await DB.prepare("DELETE FROM devices WHERE key = 'elt:nobody'").run();
    expect(detailsOf(await run({ into: "D1", switch: true })).left).toMatchObject({ total: 0 });
    expect(await rowsIn(DB)).toEqual(rows);
  });

  it("does not bring back what is personal of somebody who was forgotten while it ran", async () => {
    const samples = yearOf(23, 160);
    await clear(keysIn(samples));
    await consume(samples);
    await archive(samples);
    await DB.prepare("UPDATE customer_records SET value = json_set(value, '$.name', '[forgotten]')").run();
    const forgotten = await rowsIn(DB);
    const kind = timedRebuild(async (state) => {
      if (state.plan[0] !== "level") return;
      await DB.prepare(
        "INSERT OR IGNORE INTO forgotten (id, until_ms, request_id) SELECT 'customer ' || source || ':' || customer_id, 1, 'r-1' FROM customer_records",
      ).run();
    });
    await expect(run({ into: "D1", switch: true }, kind)).rejects.toThrow("Somebody was forgotten since");
    expect(await rowsIn(DB)).toEqual(forgotten);
    await DB.prepare("DELETE FROM forgotten").run();
  });

  it("replays somebody who was forgotten before it without what is personal", async () => {
    const samples = yearOf(24, 160);
    await clear(keysIn(samples));
    await archive(samples);
    await DB.prepare(
      `INSERT INTO forgotten (id, until_ms, request_id)
       SELECT 'customer ' || j.value, 9999999999999, 'r-2' FROM json_each(?1) j`,
    )
      .bind(JSON.stringify(customersIn(samples)))
      .run();
    await consume(samples);
    const rows = await rowsIn(DB);
    const { found } = detailsOf(await run({ into: "D1", compare: true, keep: true }));
    expect(found.counts).toEqual({});
    expect((await rowsIn(REBUILT)).customer_records).toEqual(rows.customer_records);
    for (const name of namesIn(samples)) expect(JSON.stringify(await rowsIn(REBUILT))).not.toContain(name);
    await DB.prepare("DELETE FROM forgotten").run();
  });

  it("of a lost database forgets again who was forgotten, as the bucket knows", async () => {
    const samples = yearOf(25, 160);
    await clear(keysIn(samples));
    const entries = customersIn(samples).map((key) => ({
      id: `customer ${key}`,
      untilMs: 9_999_999_999_999,
      requestId: "r-3",
    }));
    await ARCHIVE.put("forgotten/entries.json", JSON.stringify(entries));
    await archive(samples);
    await run({ into: "live" });
    const rows = JSON.stringify([await rowsIn(DB), await objectsOf(keysIn(samples))]);
    expect(rows).toContain("elt:");
    for (const name of namesIn(samples)) expect(rows).not.toContain(name);
    await DB.prepare("DELETE FROM forgotten").run();
  });

  it("repairs an object's history and registers", async () => {
    const samples = await year(20, 400);
    const objects = await objectsOf(keysIn(samples));
    const [key] = keysIn(samples);
    if (!key) throw new Error("no device");
    await plantInObject(key, (snapshot) => ({
      ...snapshot,
      history: snapshot.history
        .map((entry, i) => (i === 0 ? { ...entry, data: { wrong: true } } : entry))
        .filter((_, i) => i !== 1),
    }));
    const { found, left } = detailsOf(await run({ into: "D1", switch: true }));
    expect(found.counts).toEqual({ "history sameVersion": expect.any(Number), "history missing": 1 });
    expect(found.first[0]?.text).toContain(key);
    expect(left).toMatchObject({ total: 0 });
    expect(await objectsOf(keysIn(samples))).toEqual(objects);
  });
});
