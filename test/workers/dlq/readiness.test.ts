import { afterEach, describe, expect, it, vi } from "vitest";
import { hasMigrations, readinessResponse } from "../../../src/shared/telemetry/readiness.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("readiness", () => {
  it("logs what it says the log says why", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await readinessResponse("ingest", {}, { migrations: hasMigrations(undefined as never) });
    expect(await response.json()).toMatchObject({ checks: { migrations: expect.stringContaining("log") } });
    expect(lines.mock.calls.map(([line]) => JSON.parse(line))).toMatchObject([
      { event: "readiness.failed", worker: "ingest", check: "migrations", name: "TypeError" },
    ]);
  });

  it("asks once where many ask at once of an answer that has grown old", async () => {
    const env = {};
    const check = vi.fn(async () => {});
    await readinessResponse("ingest", env, { check });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 7_000);
    await Promise.all(Array.from({ length: 50 }, () => readinessResponse("ingest", env, { check })));
    expect(check).toHaveBeenCalledTimes(2);
  });

  it("says that a database is out of reach that does not answer in time", async () => {
    vi.useFakeTimers();
    const db = { prepare: () => ({ bind: () => ({ first: () => new Promise(() => {}) }) }) };
    const asked = readinessResponse("ingest", {}, { migrations: hasMigrations(db as never) });
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await asked).status).toBe(503);
    vi.useRealTimers();
  });
});
