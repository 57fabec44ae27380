import { expect, it } from "vitest";
import { backoffSeconds, MAX_BACKOFF_SECONDS } from "./backoff.ts";

it("backoff grows, has jitter and stops at its ceiling", () => {
  for (let failures = 1; failures < 60; failures++) {
    expect(backoffSeconds(failures, 0)).toBeLessThanOrEqual(backoffSeconds(failures, 0.999));
    expect(backoffSeconds(failures, 0.999)).toBeLessThanOrEqual(MAX_BACKOFF_SECONDS);
    expect(backoffSeconds(failures, 0)).toBeGreaterThanOrEqual(backoffSeconds(failures - 1, 0));
  }
  expect(backoffSeconds(1, 0)).toBe(1);
  expect(backoffSeconds(60, 0)).toBe(MAX_BACKOFF_SECONDS / 2);
  expect(backoffSeconds(60, 0.999)).toBe(MAX_BACKOFF_SECONDS);
});
