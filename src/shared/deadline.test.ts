import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { before } from "./deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<never>(() => {});
const afterMs = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));

describe("a deadline", () => {
  it("lets through what comes in time, and leaves no timer behind", async () => {
    expect(await before(10, Promise.resolve("here"))).toBe("here");
    await expect(before(10, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("says at its time, and not before, that it is too late", async () => {
    const [inTime, late] = [before(10, afterMs(9, "here")), before(10, never)];
    await vi.advanceTimersByTimeAsync(9);
    expect(await Promise.race([late, afterNothing()])).toBe("still open");
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all([inTime, late])).toEqual(["here", "too late"]);
  });

  it("that lies behind us still takes what is there already", async () => {
    expect(await before(-5, Promise.resolve("here"))).toBe("here");
    const late = before(-5, never);
    await vi.advanceTimersByTimeAsync(0);
    expect(await late).toBe("too late");
  });
});

const afterNothing = async () => "still open";
