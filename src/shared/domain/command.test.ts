import * as fc from "fast-check";
import { expect, it } from "vitest";
import { version } from "../../../test/support/arbitraries.ts";
import { timeAfter } from "./command.ts";
import { compareVersions, toVersion } from "./version.ts";

it("timeAfter is later than the version that was seen, and never before now", () => {
  const anyMs = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(
      fc.oneof(
        version,
        fc.tuple(anyMs, fc.string()).map(([ms, id]) => toVersion(ms, id)),
      ),
      anyMs,
      (seen, nowMs) => {
        const answeredMs = timeAfter(nowMs, seen);
        expect(compareVersions(toVersion(answeredMs, ""), seen)).toBeGreaterThan(0);
        expect(answeredMs).toBeGreaterThanOrEqual(nowMs);
      },
    ),
  );
  expect(timeAfter(7, undefined)).toBe(7);
});
