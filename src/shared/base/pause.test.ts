import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { pause } from "./pause.ts";

it("a pause ends after its time or at the signal, and leaves no listener at it", async () => {
  const stop = new AbortController();
  await pause(1, stop.signal);
  expect(stop.signal.aborted).toBe(false);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  const long = pause(1e6, stop.signal);
  stop.abort();
  await long;
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  await pause(1e6, stop.signal);
});
