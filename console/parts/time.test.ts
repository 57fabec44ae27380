import { afterEach, beforeEach, expect, it, vi } from "vitest";

const AT = Date.UTC(2026, 10, 30, 15, 57, 2);

beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllEnvs());

it.each([
  ["UTC", "30 Nov 2026, 15:57:02 UTC", "30 Nov, 15:57 UTC"],
  ["Europe/Vienna", "30 Nov 2026, 16:57:02 CET", "30 Nov, 16:57 CET"],
  ["America/Chicago", "30 Nov 2026, 09:57:02 GMT-6", "30 Nov, 09:57 GMT-6"],
])("in %s a time names its zone", async (name, full, clock) => {
  vi.stubEnv("TZ", name);
  vi.useFakeTimers();
  const { formatClock, formatFullTime, zoneOf } = await import("./time.tsx");
  vi.useRealTimers();
  expect([formatFullTime(AT), formatClock(AT)]).toEqual([full, clock]);
  expect(full).toContain(zoneOf(AT));
});

it("a time of another year names the year, and an age of two years or more is in years", async () => {
  vi.stubEnv("TZ", "UTC");
  vi.useFakeTimers({ now: AT });
  const { formatClock, formatDay, formatRelativeTime } = await import("./time.tsx");
  const daysAgo = (days: number) => AT - days * 86_400_000;
  expect(formatClock(daysAgo(365))).toBe("30 Nov 2025, 15:57 UTC");
  expect(formatDay(daysAgo(365))).toBe("30 Nov 2025");
  expect([400, 729, 740, 1_500].map((days) => formatRelativeTime(daysAgo(days), AT))).toEqual([
    "400 days ago",
    "729 days ago",
    "2 yr. ago",
    "4 yr. ago",
  ]);
  vi.useRealTimers();
});
