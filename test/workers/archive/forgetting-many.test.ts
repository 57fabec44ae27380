import { expect, it } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { entriesOf, ForgettingRepository } from "#repositories/forgetting.ts";
import { ForgettingMemory } from "../../../workers/archive/forgetting/memory.ts";
import { inAJob } from "./dying.ts";
import { env } from "./person.ts";

/** Of a chain with a device in every shop. */
const DEVICES = Array.from({ length: 120_000 }, (_, i) => `elt:2119W${String(i).padStart(6, "0")}` as DeviceKey);
const REQUEST = { untilMs: 1_764_600_000_000, requestId: "2026-12-01-5f0c2a91" };

/** D1 takes 2 MB for each bound value: developers.cloudflare.com/d1/platform/limits. The local one takes some more. */
const MAX_BOUND = 2_000_000;

/** A value of an object's storage has at most 2 MB, which the local one does not check; a key may have 400 bytes. */
const MAX_VALUE = 2_000_000;

it("a customer with very many devices is noted and marked in statements that D1 takes", async () => {
  let largest = 0;
  const db = watchingBound(env.DB, (size) => {
    largest = Math.max(largest, size);
  });
  const repository = new ForgettingRepository(db);
  const entries = entriesOf({ customers: ["elt:C-chain"], devices: DEVICES }, REQUEST);
  await repository.note(entries);
  const noted = "SELECT count(*) FROM forgotten WHERE request_id = ? AND redacted_at_ms IS";
  const count = (what: string) => env.DB.prepare(`${noted} ${what}`).bind(REQUEST.requestId).first("count(*)");
  expect(await count("NULL")).toBe(DEVICES.length + 1);
  const ids = entries.map(({ id }) => id);
  await repository.markRedacted(ids, REQUEST.untilMs);
  expect(await count("NOT NULL")).toBe(DEVICES.length + 1);
  expect(largest).toBeGreaterThan(0);
  expect(largest).toBeLessThan(MAX_BOUND);
  await env.DB.prepare("DELETE FROM forgotten WHERE request_id = ?").bind(REQUEST.requestId).run();
});

it("the job remembers very many devices", () =>
  inAJob(async ({ storage }) => {
    const memory = new ForgettingMemory(storage, "r");
    expect(memory.addDevices(DEVICES.slice(1))).toBe(DEVICES.length - 1);
    expect(memory.addDevices(DEVICES.slice(0, 2))).toBe(1);
    expect(memory.devices).toEqual(DEVICES);
    const sizes = [...storage.kv.list({})].map(([, value]) => JSON.stringify(value).length);
    expect(Math.max(...sizes)).toBeLessThan(MAX_VALUE / 4);
    memory.clear();
    expect(memory.devices).toEqual([]);
  }, "files"));

function watchingBound(db: D1Database, note: (size: number) => void): D1Database {
  const prepare = (sql: string): D1PreparedStatement => {
    const statement = db.prepare(sql);
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => {
      for (const value of values) if (typeof value === "string") note(new TextEncoder().encode(value).length);
      return bind(...values);
    };
    return statement;
  };
  return { prepare, batch: (all: D1PreparedStatement[]) => db.batch(all) } as D1Database;
}
