import * as fc from "fast-check";
import { expect, it } from "vitest";
import { version } from "../../../test/support/arbitraries.ts";
import { timeOfAnswer } from "./command.ts";
import { compareVersions, versionOf } from "./version.ts";

it("An answer is newer than what it answers, and never from before now", () => {
  const anyMs = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(
      fc.oneof(
        version,
        fc.tuple(anyMs, fc.string()).map(([ms, id]) => versionOf(ms, id)),
      ),
      anyMs,
      (seen, nowMs) => {
        const answeredMs = timeOfAnswer(nowMs, seen);
        expect(compareVersions(versionOf(answeredMs, ""), seen)).toBeGreaterThan(0);
        expect(answeredMs).toBeGreaterThanOrEqual(nowMs);
      },
    ),
  );
  expect(timeOfAnswer(7, undefined)).toBe(7);
});
