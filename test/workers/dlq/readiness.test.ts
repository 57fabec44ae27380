import { afterEach, describe, expect, it, vi } from "vitest";
import { hasMigrations, readinessResponse } from "#telemetry/readiness.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("readiness", () => {
  it("logs the cause of a failed check", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await readinessResponse("ingest", {}, { migrations: hasMigrations(undefined as never) });
    expect(await response.json()).toMatchObject({ checks: { migrations: expect.stringContaining("log") } });
    expect(lines.mock.calls.map(([line]) => JSON.parse(line))).toMatchObject([
      { event: "readiness.failed", worker: "ingest", check: "migrations", name: "TypeError" },
    ]);
  });

  it("runs a check once for many concurrent requests when the cached answer has expired", async () => {
    const env = {};
    const check = vi.fn(async () => {});
    await readinessResponse("ingest", env, { check });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 7_000);
    await Promise.all(Array.from({ length: 50 }, () => readinessResponse("ingest", env, { check })));
    expect(check).toHaveBeenCalledTimes(2);
  });

  it("reports a database as unreachable if it does not answer in time", async () => {
    vi.useFakeTimers();
    const db = { prepare: () => ({ bind: () => ({ first: () => new Promise(() => {}) }) }) };
    const asked = readinessResponse("ingest", {}, { migrations: hasMigrations(db as never) });
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await asked).status).toBe(503);
    vi.useRealTimers();
  });
});
