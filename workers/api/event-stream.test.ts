import type { ExecutionResult } from "graphql";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventStream } from "./event-stream.ts";
import { LiveDisconnected } from "./live.ts";

const LIMIT_MS = 60_000;
const RETRY = "retry: 1000\n\n";
const COMPLETE = "event: complete\ndata:\n\n";

const resultAt = (cursor: string): ExecutionResult => ({ data: { at: cursor }, extensions: { concord: { cursor } } });
const saidOf = (cursor: string) => `id: ${cursor}\nevent: next\ndata: ${JSON.stringify(resultAt(cursor))}\n\n`;

type Step = ExecutionResult | Error | "done" | "waits";

/** Gives what it is told to, one a call, and waits for ever behind it; `settle` ends the waiting. */
function resultsOf(...steps: Step[]) {
  const waiting = Promise.withResolvers<IteratorResult<ExecutionResult>>();
  // Nobody may be waiting any more when it ends.
  waiting.promise.catch(() => {});
  const next = vi.fn((): Promise<IteratorResult<ExecutionResult>> => {
    const step = steps.shift() ?? "waits";
    if (step instanceof Error) return Promise.reject(step);
    if (step === "waits") return waiting.promise;
    return Promise.resolve(step === "done" ? { done: true, value: undefined } : { done: false, value: step });
  });
  const returned = vi.fn(() => Promise.resolve({ done: true as const, value: undefined }));
  return { [Symbol.asyncIterator]: () => ({ next, return: returned }), next, returned, settle: waiting };
}

const read = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

let logged: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  vi.useFakeTimers();
  logged = vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a stream of results", () => {
  it("says each with its cursor as the id, and completes", async () => {
    const results = resultsOf(resultAt("7"), resultAt("8"), "done");
    const said = await read(eventStream(results, { limitMs: LIMIT_MS }));
    expect(said).toBe(RETRY + saidOf("7") + saidOf("8") + COMPLETE);
  });

  it.each<[string, ExecutionResult]>([
    ["without extensions", { data: { at: null } }],
    ["with another's extensions", { data: { at: null }, extensions: { cost: 3 } }],
    ["without a cursor", { data: null, extensions: { concord: {} } }],
  ])("has no id for a result %s", async (_, result) => {
    const said = await read(eventStream(resultsOf(result, "done"), { limitMs: LIMIT_MS }));
    expect(said).toBe(`${RETRY}event: next\ndata: ${JSON.stringify(result)}\n\n${COMPLETE}`);
  });

  it("keeps text of several lines on one line", async () => {
    const result = { data: { text: "one\ntwo\r\n\nid: 9" } };
    const said = await read(eventStream(resultsOf(result, "done"), { limitMs: LIMIT_MS }));
    expect(said.slice(RETRY.length).split("\n")).toEqual([
      "event: next",
      `data: ${JSON.stringify(result)}`,
      "",
      "event: complete",
      "data:",
      "",
      "",
    ]);
  });

  it("pings while nothing comes, and no more once it ended", async () => {
    const results = resultsOf(resultAt("7"));
    const said = read(eventStream(results, { limitMs: 3500, pingMs: 1000 }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await said).toBe(`${RETRY}${saidOf("7")}${":\n\n".repeat(3)}`);
  });
});

describe("a stream that ends for its client to come back", () => {
  it("says no `complete` at its limit, and lets the results go", async () => {
    const results = resultsOf(resultAt("7"));
    const said = read(eventStream(results, { limitMs: LIMIT_MS, pingMs: LIMIT_MS * 2 }));
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 1);
    expect(results.returned).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await said).toBe(RETRY + saidOf("7"));
    expect(results.returned).toHaveBeenCalledOnce();
  });

  it.each<[string, (settle: ReturnType<typeof resultsOf>["settle"]) => void]>([
    ["a result", ({ resolve }) => resolve({ done: false, value: resultAt("8") })],
    ["the end", ({ resolve }) => resolve({ done: true, value: undefined })],
    ["a fault", ({ reject }) => reject(new Error("late"))],
  ])("leaves %s that comes behind its limit to the next stream", async (_, come) => {
    const results = resultsOf(resultAt("7"));
    const said = read(eventStream(results, { limitMs: LIMIT_MS, pingMs: LIMIT_MS * 2 }));
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    come(results.settle);
    await vi.advanceTimersByTimeAsync(0);
    expect(await said).toBe(RETRY + saidOf("7"));
    expect(logged).not.toHaveBeenCalled();
  });

  it.each<[string, number, Error]>([
    ["was disconnected from what is live, which is no fault", 0, new LiveDisconnected("gone")],
    ["met a fault, which is logged", 1, new Error("ours")],
  ])("says no `complete` when it %s", async (_, faults, thrown) => {
    const results = resultsOf(resultAt("7"), thrown);
    expect(await read(eventStream(results, { limitMs: LIMIT_MS }))).toBe(RETRY + saidOf("7"));
    expect(results.returned).toHaveBeenCalled();
    expect(logged).toHaveBeenCalledTimes(faults);
  });

  it("ends at once when its token has run out", async () => {
    const said = read(eventStream(resultsOf(), { limitMs: -5 }));
    await vi.advanceTimersByTimeAsync(1);
    expect(await said).toBe(RETRY);
  });
});

describe("a reader who leaves", () => {
  it.each<[string, (settle: ReturnType<typeof resultsOf>["settle"]) => void]>([
    ["nothing", () => {}],
    ["a result", ({ resolve }) => resolve({ done: false, value: resultAt("8") })],
    ["the end", ({ resolve }) => resolve({ done: true, value: undefined })],
    ["a fault", ({ reject }) => reject(new Error("late"))],
  ])("lets the results go, and %s that comes afterwards does no harm", async (_, come) => {
    const results = resultsOf(resultAt("7"));
    const reader = eventStream(results, { limitMs: LIMIT_MS }).getReader();
    await reader.read();
    await reader.read();
    expect(results.returned).not.toHaveBeenCalled();
    await reader.cancel();
    expect(results.returned).toHaveBeenCalledOnce();
    come(results.settle);
    await vi.advanceTimersByTimeAsync(LIMIT_MS * 2);
    expect(results.returned).toHaveBeenCalledOnce();
    expect(logged).not.toHaveBeenCalled();
  });

  it("is asked for the next result only when it has read the last", async () => {
    const results = resultsOf(resultAt("7"), resultAt("8"));
    const reader = eventStream(results, { limitMs: LIMIT_MS }).getReader();
    await vi.advanceTimersByTimeAsync(0);
    expect(results.next).not.toHaveBeenCalled();
    await reader.read();
    await vi.advanceTimersByTimeAsync(0);
    expect(results.next).toHaveBeenCalledOnce();
    await reader.cancel();
  });
});
