import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { isOutage } from "#repositories/fault.ts";
import { D1_OUTAGES } from "../support/outages.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { Run } from "./run.ts";
import { faultyD1 } from "./stand-ins.ts";

const { DB } = env as unknown as { DB: D1Database };

const d1With = (faults: Partial<Faults>, run = new Run()) =>
  faultyD1(DB, { faults: { ...NO_FAULTS, ...faults }, run, strike: () => {}, die: () => run.die() });

const customers = (d1: D1Database, ...ids: string[]) =>
  ids.map((id) => d1.prepare("INSERT INTO customers (customer_id, version, value) VALUES (?, 'v', '{}')").bind(id));

const stored = async (prefix: string) =>
  (await DB.prepare("SELECT customer_id FROM customers WHERE customer_id LIKE ?").bind(`${prefix}%`).all()).results;

describe("D1 in the simulation", () => {
  it.each([0, 2, 4])("stores nothing of a batch that fails at its statement %i", async (d1Nth) => {
    const d1 = d1With({ d1: "breaks off at a statement", d1Nth });
    await expect(d1.batch(customers(d1, "b1", "b2"))).rejects.toSatisfy(isOutage);
    expect(await stored("b")).toEqual([]);
  });

  it("runs no statement for a handler that has died, and never answers it", async () => {
    const run = new Run();
    const d1 = d1With({ dies: "behind D1" }, run);
    const end = await run.live(async () => {
      await Promise.all([d1.batch(customers(d1, "d1")), d1.batch(customers(d1, "d2"))]);
      await d1.batch(customers(d1, "d3"));
    });
    const late = await run.live(async () => void (await d1.batch(customers(d1, "d4"))));
    expect([end, late, await stored("d")]).toEqual(["died", "died", [{ customer_id: "d1" }, { customer_id: "d2" }]]);
  });

  it.each(D1_OUTAGES)("fails with a text that is recognised as an outage: %s", (text) => {
    expect(isOutage(new Error(text))).toBe(true);
  });
});
