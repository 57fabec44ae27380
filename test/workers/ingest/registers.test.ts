import { env } from "cloudflare:workers";
import type { D1Migration } from "@cloudflare/vitest-pool-workers";
import { expect, it } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { eventOf } from "../../support/records.ts";

const { DB, MIGRATIONS } = env as unknown as { DB: D1Database; MIGRATIONS: D1Migration[] };

const fleet = new FleetRepository(DB);
const rows = async (table: string) =>
  (await DB.prepare(`SELECT source, json_extract(value, '$.name') AS name FROM ${table} ORDER BY source`).all())
    .results;

const about = (source: string, minute: number, name: string): ConcordEvent[] => {
  const occurredAt = `2026-11-23T12:${String(minute).padStart(2, "0")}:00Z`;
  const action = source === "infinity" ? "setup" : "assigned";
  return [
    eventOf({ topic: `device.${source}.dealer.${action}`, occurredAt, data: { dealer: { dealerId: "D-7", name } } }),
    eventOf({
      topic: `device.${source}.customer.assigned`,
      occurredAt,
      data: { customer: { customerId: "C-1", name } },
    }),
  ];
};

it("An event of one source changes no record of another, even if it is newer, and writes no more rows than for one", async () => {
  const [theirs, others] = [about("infinity", 1, "Arctic Air"), about("elt", 9, "Another name")];
  const first = await fleet.merge(theirs);
  const second = await fleet.merge(others);
  expect(second.outcomes).toEqual(["applied", "applied"]);
  expect(second.rowsWritten).toBe(first.rowsWritten);
  for (const table of ["dealer_records", "customer_records"]) {
    expect(await rows(table)).toEqual([
      { source: "elt", name: "Another name" },
      { source: "infinity", name: "Arctic Air" },
    ]);
  }
  expect((await fleet.merge([...theirs, ...others])).rowsWritten).toBe(0);
});

it("Rows from before the migration move to each source whose devices name them, and writes of an older Worker are carried over", async () => {
  const statements = MIGRATIONS.find(({ name }) => name.startsWith("0005_"))?.queries ?? [];
  expect(statements.length).toBeGreaterThan(4);
  await DB.batch(
    ["DROP TABLE dealer_records", "DROP TABLE customer_records", "DELETE FROM dealers", "DELETE FROM customers"].map(
      (sql) => DB.prepare(sql),
    ),
  );
  for (const party of ["dealers", "customers"]) {
    for (const event of ["insert", "update"]) await DB.prepare(`DROP TRIGGER ${party}_${event}_carried`).run();
  }
  const before = (party: string, id: string, name: string) =>
    DB.prepare(
      `INSERT INTO ${party}s (${party}_id, version, value, name) VALUES (?1, '2026-11-23T12:09:00.000Z/e', ?2, ?3)`,
    )
      .bind(id, JSON.stringify({ name }), name)
      .run();
  for (const party of ["dealer", "customer"]) {
    await before(party, party === "dealer" ? "D-7" : "C-1", "As today");
    await before(party, "unnamed", "Nobody's");
  }
  for (const statement of statements) await DB.prepare(statement).run();
  // The devices of the test before name both, in two sources.
  for (const table of ["dealer_records", "customer_records"]) {
    expect(await rows(table)).toEqual([
      { source: "", name: "Nobody's" },
      { source: "elt", name: "As today" },
      { source: "infinity", name: "As today" },
    ]);
  }

  const [said] = about("elt", 20, "Said meanwhile") as [ConcordEvent];
  await fleet.merge([said]);
  await DB.prepare(
    "UPDATE dealer_records SET version = '2026-11-23T12:10:00.000Z/x', value = '{\"name\":\"Old\"}' WHERE source = 'elt'",
  ).run();
  await DB.prepare("UPDATE dealers SET version = ?1, value = ?2, name = 'Said meanwhile' WHERE dealer_id = 'D-7'")
    .bind(said.version, JSON.stringify({ name: "Said meanwhile" }))
    .run();
  expect(await rows("dealer_records")).toEqual([
    { source: "", name: "Nobody's" },
    { source: "elt", name: "Said meanwhile" },
    { source: "infinity", name: "As today" },
  ]);
});
