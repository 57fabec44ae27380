import { afterEach, beforeEach, vi } from "vitest";

/** Keeps the logs of a file's faults out of the report, and ends what each test does to the clock and to chance. */
export function logNothing(): void {
  beforeEach(() => {
    for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
}
