import { expect, it } from "vitest";
import { type EventSpec, recordOf } from "../support/records.ts";
import { Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { ARCHIVE, DB } from "./stores.ts";

// Somebody who was forgotten. mutants.ts has changes of the code that make this fail.
logNothing();

const SECRET = "Trillian";

const keyed = (spec: EventSpec) => ({ ...recordOf(spec), key: "g22", value: recordOf(spec).value ?? "" });
const named = (eventId: string) =>
  keyed({
    topic: "device.elt.customer.assigned",
    eventId,
    deviceId: "g22",
    data: { customer: { customerId: "C-g22", name: `${SECRET} ${eventId}` } },
  });
const profile = (eventId: string) =>
  keyed({ topic: "device.elt.profile.updated", eventId, deviceId: "g22", data: { name: `${SECRET} ${eventId}` } });
const broken = (eventId: string) => ({ ...named(eventId), value: JSON.stringify({ who: "C-g22", note: SECRET }) });

/** Everything in D1 and in the archive, as text. */
async function everything(): Promise<string> {
  const { results: tables } = await DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('devices', 'customer_records', 'device_texts', 'dead_letters')",
  ).all<{ name: string }>();
  const rows = await Promise.all(tables.map(({ name }) => DB.prepare(`SELECT * FROM "${name}"`).all()));
  const { objects } = await ARCHIVE.list();
  const files = await Promise.all(
    objects.map(async ({ key }) => {
      const stored = await ARCHIVE.get(key);
      const body = stored?.body.pipeThrough(new DecompressionStream("gzip")) ?? null;
      return new Response(body).text();
    }),
  );
  return JSON.stringify([rows.map(({ results }) => results), files]);
}

it("G22: of somebody who was forgotten no replay, backfill or late record brings anything back", async () => {
  const platform = new Platform();
  platform.archive = ARCHIVE;
  for (const id of ["customer elt:C-g22", "device elt:g22"])
    await DB.prepare("INSERT INTO forgotten (id, until_ms, request_id) VALUES (?, ?, 'g22')")
      .bind(id, Date.now())
      .run();
  await platform.push([named("late"), profile("late"), broken("refused at the boundary")]);
  await platform.rest();
  const found = await everything();
  expect(found).toContain("C-g22");
  expect(found.match(new RegExp(SECRET, "g"))).toBeNull();
});
