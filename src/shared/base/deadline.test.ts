import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withTimeout } from "./deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<never>(() => {});
const afterMs = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));

describe("a deadline", () => {
  it("returns a value that arrives in time, and leaves no timer behind", async () => {
    expect(await withTimeout(10, Promise.resolve("here"))).toBe("here");
    await expect(withTimeout(10, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("returns 'too late' when it has passed, and not before", async () => {
    const [inTime, late] = [withTimeout(10, afterMs(9, "here")), withTimeout(10, never)];
    await vi.advanceTimersByTimeAsync(9);
    expect(await Promise.race([late, afterNothing()])).toBe("still open");
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all([inTime, late])).toEqual(["here", "too late"]);
  });

  it("in the past still returns a value that is already there", async () => {
    expect(await withTimeout(-5, Promise.resolve("here"))).toBe("here");
    const late = withTimeout(-5, never);
    await vi.advanceTimersByTimeAsync(0);
    expect(await late).toBe("too late");
  });
});

const afterNothing = async () => "still open";
