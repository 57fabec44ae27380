import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { customerTombstone } from "#domain/forgotten.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { READ_FORGOTTEN } from "#repositories/forgotten.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import { consumeDeps, type Env } from "../../../workers/ingest/env.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventOf, recordOf } from "../../support/records.ts";

const { DB } = env as unknown as { DB: D1Database };
const fleet = new FleetRepository(DB);
const FORGOTTEN_AT = Date.UTC(2026, 10, 10);
let count = 0;
const fresh = (what: string) => `${what}-${++count}`;

const assigned = (deviceId: string, customerId: string, occurredAt = "2026-11-01T00:00:00Z"): ConcordEvent =>
  eventOf({
    topic: "device.elt.customer.assigned",
    deviceId,
    occurredAt,
    data: { customer: { customerId, name: "Secret Person", email: "secret@example.com" } },
  });
const profile = (deviceId: string, occurredAt = "2026-11-02T00:00:00Z"): ConcordEvent =>
  eventOf({
    topic: "device.elt.profile.updated",
    deviceId,
    occurredAt,
    data: { name: "Secret Room", model: "M-1", location: { country: "CA", city: "Secretville" } },
  });

const forget = (...ids: string[]) =>
  DB.batch(
    ids.map((id) =>
      DB.prepare("INSERT INTO forgotten (id, until_ms, request_id) VALUES (?, ?, 'r-1')").bind(id, FORGOTTEN_AT),
    ),
  );
const stored = async (...values: string[]) => {
  const texts = await Promise.all(
    ["SELECT aspects AS text FROM devices", "SELECT value || name AS text FROM customer_records"].map((sql) =>
      DB.prepare(sql).all<{ text: string }>(),
    ),
  );
  const all = texts.flatMap(({ results }) => results.map(({ text }) => text)).join("\n");
  return values.filter((value) => all.includes(value));
};

describe("an event of somebody who was forgotten", () => {
  it("leaves no name, address or place in D1, whether it names the customer or only the device", async () => {
    const [device, customer] = [fresh("t"), fresh("C")];
    await forget(`customer elt:${customer}`, `device elt:${device}`);
    const { outcomes, events } = await fleet.merge([assigned(device, customer), profile(device)]);
    expect(outcomes).toEqual(["applied", "applied"]);
    expect(JSON.stringify(events)).not.toContain("Secret");
    expect(await stored("Secret", "secret@")).toEqual([]);
    expect(await stored(customer, "M-1", "CA")).toEqual([customer, "M-1", "CA"]);
  });

  it("wins over no tombstone, however late it occurred", async () => {
    const [device, customer] = [fresh("t"), fresh("C")];
    await forget(`customer elt:${customer}`);
    const { version, value } = customerTombstone(customer);
    await DB.prepare("INSERT INTO customer_records VALUES (?, 'elt', ?, ?, '')")
      .bind(customer, version, JSON.stringify(value))
      .run();
    await fleet.merge([assigned(device, customer, "2026-11-20T00:00:00Z")]);
    const row = await DB.prepare("SELECT value, name FROM customer_records WHERE customer_id = ?")
      .bind(customer)
      .first();
    expect(row).toEqual({ value: JSON.stringify(value), name: "" });
  });

  it("of one of its devices is personal only if it occurred before", async () => {
    const device = fresh("t");
    await forget(`device elt:${device}`);
    const { events } = await fleet.merge([profile(device, "2026-11-11T00:00:00Z")]);
    expect(JSON.stringify(events)).toContain("Secret Room");
    await DB.prepare("DELETE FROM devices WHERE key = ?").bind(`elt:${device}`).run();
  });

  it("reveals a device that nobody knew of: it is noted, and all its events in the batch are redacted", async () => {
    const [device, customer] = [fresh("t"), fresh("C")];
    await forget(`customer elt:${customer}`);
    const { events } = await fleet.merge([profile(device), assigned(device, customer)]);
    expect(JSON.stringify(events)).not.toContain("Secret");
    const noted = await DB.prepare("SELECT * FROM forgotten WHERE id = ?").bind(`device elt:${device}`).first();
    expect(noted).toMatchObject({ until_ms: FORGOTTEN_AT, request_id: "r-1", redacted_at_ms: null });
    const later = await fleet.merge([profile(device, "2026-11-03T00:00:00Z")]);
    expect(JSON.stringify(later.events)).not.toContain("Secret");
  });

  it("of another source with the same id is somebody else's", async () => {
    const [device, customer] = [fresh("t"), fresh("C")];
    await forget(`customer ecobee:${customer}`, `device ecobee:${device}`);
    const event = assigned(device, customer);
    expect((await fleet.merge([event])).events).toEqual([event]);
    await DB.batch([
      DB.prepare("DELETE FROM customer_records WHERE customer_id = ?").bind(customer),
      DB.prepare("DELETE FROM devices WHERE key = ?").bind(`elt:${device}`),
    ]);
  });
});

it("looking up who was forgotten reads one row for each device and customer at most", async () => {
  const keys = [`device elt:${fresh("t")}`, `customer elt:${fresh("C")}`];
  const { meta } = await DB.prepare(READ_FORGOTTEN).bind(JSON.stringify(keys)).all();
  expect(meta.rows_read).toBeLessThanOrEqual(2);
});

describe("a record of a forgotten customer that its contract refuses", () => {
  const broken = (customer: string) => ({
    ...recordOf({ topic: "device.elt.customer.assigned" }),
    value: JSON.stringify({ who: customer, name: "Secret Person" }),
  });
  const consumed = async (customer: string, deps: Partial<ConsumeDeps> = {}) => {
    const deadLetters = new FakeQueue<DeadLetterMessage>();
    const objects: Uint8Array[] = [];
    const bucket = { put: async (_: string, value: Uint8Array) => objects.push(value) };
    const its = consumeDeps(
      { ...(env as unknown as Env), DEAD_LETTERS: deadLetters as never },
      { waitUntil: () => {} },
    );
    const { dispositions, endings } = await consume(
      { ...its, events: new FakeQueue(), archive: { bucket, deadlineMs: 1_000 }, ...deps },
      [{ body: { kind: "parcel", id: "p", records: [broken(customer)] }, attempts: 1 }],
    );
    const unzipped = await Promise.all(
      objects.map((bytes) =>
        new Response(new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("gzip"))).text(),
      ),
    );
    return { dispositions, endings, kept: `${JSON.stringify(deadLetters.bodies)}${unzipped.join("")}` };
  };

  it("comes to the archive and to the dead letters without what is in it", async () => {
    const customer = fresh("C");
    await forget(`customer elt:${customer}`);
    const { endings, kept } = await consumed(customer);
    expect(endings.map(({ kind }) => kind)).toEqual(["deadLettered"]);
    expect(kept).toContain("p.0");
    expect(kept).not.toContain("Secret");
    expect((await consumed(fresh("C"))).kept).toContain("Secret Person");
  });

  it("waits if D1 does not say who was forgotten", async () => {
    const { endings, kept } = await consumed(fresh("C"), {
      keepable: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
    });
    expect(endings.map(({ kind }) => kind)).toEqual(["deferred"]);
    expect(kept).not.toContain("Secret");
  });
});
