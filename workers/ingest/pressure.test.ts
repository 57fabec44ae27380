import { expect, it } from "vitest";
import { Pressure } from "./pressure.ts";

const NOW_MS = Date.UTC(2026, 10, 23);

it("a reported backlog is believed for some seconds, and not after the clock was set back", () => {
  const pressure = new Pressure("live");
  pressure.note({ backlogBytes: 24.5e9 }, NOW_MS);
  const waits = [0, 5_000, 5_001, -3_600_000].map((ms) => pressure.waitSeconds(NOW_MS + ms));
  expect(waits).toEqual([300, 300, 0, 0]);
});
