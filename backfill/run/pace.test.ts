import { expect, it } from "vitest";
import { Pace } from "./pace.ts";

const never = new AbortController().signal;

/** A clock that is only moved by waiting for it. */
function clock() {
  const at = { ms: 1_000_000 };
  const sleep = async (ms: number) => {
    at.ms += ms;
  };
  return { at, now: () => at.ms, sleep };
}

it("A pace lets so many events go a second, in steps of a quarter", async () => {
  const time = clock();
  const pace = new Pace(100, time);
  expect(pace.step).toBe(25);
  const began = time.at.ms;
  for (let sent = 0; sent < 300; sent += pace.step) await pace.take(pace.step, never);
  // The first step goes at once, and the last is not waited for.
  expect(time.at.ms - began).toBe(2_750);
});

it("A pace does not make up for time in which nothing was sent", async () => {
  const time = clock();
  const pace = new Pace(10, time);
  await pace.take(2, never);
  time.at.ms += 60_000;
  await pace.take(20, never);
  const began = time.at.ms;
  await pace.take(1, never);
  expect(time.at.ms - began).toBe(2_000);
});

it("A pace without a rate waits for nothing, and one of less than four a second sends one at a time", async () => {
  const time = clock();
  const began = time.at.ms;
  const free = new Pace(Number.POSITIVE_INFINITY, time);
  expect(free.step).toBe(Number.POSITIVE_INFINITY);
  for (let i = 0; i < 3; i++) await free.take(1_000_000, never);
  expect(time.at.ms).toBe(began);
  expect(new Pace(1, time).step).toBe(1);
});
