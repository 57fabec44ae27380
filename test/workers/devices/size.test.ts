import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { Contract } from "#contracts/define.ts";
import { type JsonSchema, toJsonSchema } from "#contracts/describe.ts";
import { OccurredAt } from "#contracts/envelope.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { HISTORY_LIMIT } from "#domain/history.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { consumeRecords, eventOf, freshDevice, objectOf, snapshotOf } from "./support.ts";

/** The platform takes 2 MB a value: developers.cloudflare.com/durable-objects/platform/limits */
const VALUE_LIMIT_BYTES = 2 * 1024 * 1024;

/** Two bytes where a value is stored, and three on the way there. */
const WIDE = "\u6f22";

/** The most that a schema lets a producer write: every member, every list and every text as long as it may be. */
function mostOf(schema: JsonSchema): unknown {
  const { type, properties, items, format, enum: values, pattern, maxLength = 0, maxItems = 0, maximum } = schema;
  if (values) return values.reduce((a, b) => (String(b).length > String(a).length ? b : a));
  if (properties) return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, mostOf(inner)]));
  if (items) return Array.from({ length: maxItems }, () => mostOf(items));
  if (type === "string") {
    if (format === "date-time") return `2026-11-23T12:00:00.${"1".repeat(18)}+00:00`;
    if (format === "date") return "2026-11-23";
    if (format === "time" || pattern?.includes("[0-5]")) return "12:00:00";
    return WIDE.repeat(maxLength);
  }
  return type === "boolean" ? true : (maximum ?? 0) - 0.125;
}

const key = freshDevice();
const deviceId = key.slice("elt:".length);
let written = 0;

function most(contract: Contract): QueuedRecord {
  const data = mostOf(toJsonSchema(contract).properties?.data as JsonSchema);
  const adjusted = contract.entity === "twin" ? contract.example : data;
  const eventId = `${WIDE.repeat(120)}${String(++written).padStart(8, "0")}`;
  // The later, the newer: nothing is superseded.
  const occurredAt = `2026-11-23T12:00:00.${String(written).padStart(18, "0")}+00:00`;
  expect(OccurredAt.safeParse(occurredAt).success).toBe(true);
  const value = JSON.stringify({ eventId, occurredAt, deviceId, data: adjusted });
  return { topic: contract.topic, key: deviceId, value, receivedAtMs: Date.now() };
}

it("The worst events that contracts allow leave a device's value below the platform's 2 MB", async () => {
  const own = CONTRACTS.filter(({ source }) => source === "elt");
  const sizes = own.map((contract) => ({ contract, bytes: JSON.stringify(eventOf(most(contract)).data).length }));
  const worst = sizes.reduce((a, b) => (b.bytes > a.bytes ? b : a)).contract;
  // Every register at its longest, handed over with each event, and then nothing but the worst of all topics.
  for (const contract of own) await consumeRecords([most(contract)]);
  for (let i = 0; i < HISTORY_LIMIT; i++) await consumeRecords([most(worst)]);
  expect((await snapshotOf(key))?.history).toHaveLength(HISTORY_LIMIT);
  const bytes = await runInDurableObject(objectOf(key) as never, (_, { storage }) => storage.sql.databaseSize);
  expect(bytes).toBeGreaterThan(VALUE_LIMIT_BYTES / 4);
  expect(bytes).toBeLessThan(VALUE_LIMIT_BYTES);
});
