import { env } from "cloudflare:workers";
import { beforeEach } from "vitest";
import type { DifferenceJson } from "#ops/archive-verification.ts";
import { emptyTables } from "../seeds.ts";
import { emptyBucket } from "./empty-bucket.ts";

export const {
  ARCHIVE,
  DB,
  VERIFICATION_SEEDS = "12",
} = env as unknown as {
  readonly ARCHIVE: R2Bucket;
  readonly DB: D1Database;
  readonly VERIFICATION_SEEDS?: string;
};
export const START_MS = Date.UTC(2026, 10, 23, 13, 20);

/** Nothing is stored before a test, except in objects, which outlive it. */
export const beginEmpty = () =>
  beforeEach(async () => {
    await emptyTables();
    // Where a count was wrong, triggers leave the difference.
    await DB.exec("DELETE FROM device_counts; DELETE FROM open_alert_counts; DELETE FROM renamed_customers;");
    await emptyBucket(ARCHIVE);
  });

export const shown = (differences: readonly DifferenceJson[]) =>
  differences.map(({ place, subject, path, cause }) => `${place} ${subject} ${path} ${cause}`);

export const inBatches = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** What is archived and merged of the victim before a fault is planted. */
export const HISTORY = [
  ["registration.created", { model: "M", serialNumber: "S-77", registeredAt: "2026-09-01T00:00:00Z" }],
  ["dealer.assigned", { dealer: { dealerId: "D-77", name: "Dealer" } }],
  ["customer.assigned", { customer: { customerId: "C-77", name: "Ann Example", email: "ann@example.org" } }],
  ["profile.updated", { name: "Bedroom of Ann" }],
  ["status.reported", { online: true, indoorTemperatureC: 20 }],
  ["alert.raised", { alertId: "a-1", code: "C", severity: "critical", text: "x" }],
] as const;

export const recordOf = (index: number, action: string, data: object, deviceId: string) => ({
  topic: `device.elt.${action}`,
  key: deviceId,
  value: JSON.stringify({ eventId: `v-${index}`, occurredAt: `2026-10-01T00:0${index}:00Z`, deviceId, data }),
});
