import { beforeEach, describe, expect, it } from "vitest";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { eventValue } from "../../support/records.ts";
import { emptyOps, env, FAILED_MS, letter, recordNamed } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);
const UNTIL_MS = Date.UTC(2030, 0, 1);

beforeEach(async () => {
  await emptyOps();
  await env.DB.batch([
    env.DB.prepare("DELETE FROM forgotten"),
    env.DB.prepare("INSERT INTO forgotten (id, until_ms, request_id) VALUES ('customer elt:C-1', ?, 'r')").bind(
      UNTIL_MS,
    ),
    env.DB.prepare("INSERT INTO forgotten (id, until_ms, request_id) VALUES ('device elt:t-1', ?, 'r')").bind(UNTIL_MS),
  ]);
});

const CUSTOMER = { customerId: "C-1", name: "Secret Person", email: "secret@example.com" };
const of = (name: string, value: string | null, more: object = {}) =>
  letter(name, {
    record: recordNamed(name, { topic: "device.elt.customer.assigned", key: "secret key", value, ...more }),
    failure: { reason: "fault", error: { name: "Error", message: 'near "Secret Person"' } },
  });
const whole = async () =>
  JSON.stringify([
    ...(await env.DB.prepare("SELECT * FROM dead_letters").all()).results,
    ...(await env.DB.prepare("SELECT search FROM dead_letter_search").all()).results,
  ]);

describe("a letter of somebody who was forgotten", () => {
  it("keeps its record without what is personal, and can be replayed, if its contract reads it", async () => {
    const event = eventValue({ topic: "device.elt.customer.assigned", deviceId: "t-9", data: { customer: CUSTOMER } });
    await letters.park([of("a", JSON.stringify(event))]);
    expect((await whole()).toLowerCase()).not.toContain("secret");
    expect(await letters.find("a")).toMatchObject({ emptiedAtMs: null, deviceKey: "elt:t-9" });
    expect(JSON.parse((await letters.find("a"))?.record.value ?? "")).toMatchObject({
      data: { customer: { customerId: "C-1" } },
    });
  });

  it.each([
    ["JSON of another shape", JSON.stringify({ who: ["C-1"], "Secret Person": true })],
    ["JSON with its id as text of a key", JSON.stringify({ deviceId: "t-1", data: { nmae: "Secret Person" } })],
    ["no JSON", "customer=C-1; name=Secret Person"],
    ["JSON that was cut", '{"data":{"customer":{"customerId":"C-1","name":"Secret Per'],
    ["base64", btoa(JSON.stringify({ id: "C-1", name: "Secret Person" })), { encoding: "base64" }],
  ] as [string, string, object?][])("is emptied if its contract refuses it: %s", async (_, value, more = {}) => {
    await letters.park([of("a", value, { headers: [["x-secret", btoa("Secret Person")]], ...more })]);
    expect((await whole()).toLowerCase()).not.toContain("secret");
    expect((await letters.find("a"))?.emptiedAtMs).toBeGreaterThan(FAILED_MS);
    expect(await letters.claim(["a"], { runId: "r", nowMs: FAILED_MS })).toEqual([]);
  });

  it("of a device that another owner has now stays as it is, if it occurred later", async () => {
    const value = JSON.stringify({ deviceId: "t-1", occurredAt: "2031-01-01T00:00:00Z", data: { nmae: "New Owner" } });
    await letters.park([of("a", value)]);
    expect((await letters.find("a"))?.record.value).toBe(value);
  });

  it("of another customer, or of the same id in another source, stays as it is", async () => {
    const other = JSON.stringify({ data: { customer: { customerId: "C-2", nmae: "Someone" } } });
    const elsewhere = JSON.stringify({ data: { customer: { customerId: "C-1", nmae: "Someone" } } });
    await letters.park([of("a", other), of("b", elsewhere, { topic: "device.ecobee.customer.assigned" })]);
    expect((await letters.find("a"))?.record.value).toBe(other);
    expect((await letters.find("b"))?.record.value).toBe(elsewhere);
  });

  it("comes back without personal values when an export of before is imported", async () => {
    await env.DB.prepare("DELETE FROM forgotten WHERE id LIKE 'customer%'").run();
    await letters.park([of("a", JSON.stringify({ who: "C-1", name: "Secret Person" }))]);
    const exported = { ...(await letters.find("a")), edited: '{"name":"Secret Person"}' };
    await emptyOps();
    await env.DB.prepare("INSERT INTO forgotten (id, until_ms, request_id) VALUES ('customer elt:C-1', ?, 'r')")
      .bind(UNTIL_MS)
      .run();
    await letters.importAll([exported as never]);
    expect((await whole()).toLowerCase()).not.toContain("secret");
  });
});
