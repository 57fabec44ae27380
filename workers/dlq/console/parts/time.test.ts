import { afterEach, beforeEach, expect, it, vi } from "vitest";

const AT = Date.UTC(2026, 10, 30, 15, 57, 2);
const zone = process.env.TZ;

beforeEach(() => vi.resetModules());
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

it.each([
  ["UTC", "30 Nov 2026, 15:57:02 UTC", "30 Nov, 15:57 UTC"],
  ["Europe/Vienna", "30 Nov 2026, 16:57:02 CET", "30 Nov, 16:57 CET"],
  ["America/Chicago", "30 Nov 2026, 09:57:02 GMT-6", "30 Nov, 09:57 GMT-6"],
])("in %s a time names its zone", async (name, full, clock) => {
  process.env.TZ = name;
  vi.useFakeTimers();
  const { clockOf, fullTimeOf, zoneOf } = await import("./time.tsx");
  vi.useRealTimers();
  expect([fullTimeOf(AT), clockOf(AT)]).toEqual([full, clock]);
  expect(full).toContain(zoneOf(AT));
});
