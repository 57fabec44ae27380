import type { ExecutionResult } from "graphql";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveDisconnected } from "#objects/listen.ts";
import { eventStream } from "./event-stream.ts";

const LIMIT_MS = 60_000;
const RETRY = "retry: 1000\n\n";
const COMPLETE = "event: complete\ndata:\n\n";

const resultAt = (cursor: string): ExecutionResult => ({ data: { at: cursor }, extensions: { concord: { cursor } } });
const saidOf = (cursor: string) => `id: ${cursor}\nevent: next\ndata: ${JSON.stringify(resultAt(cursor))}\n\n`;

type Step = ExecutionResult | Error | "done" | "waits";

/** Yields the steps, one per call, and then waits until the test calls `settle`. */
function resultsOf(...steps: Step[]) {
  const waiting = Promise.withResolvers<IteratorResult<ExecutionResult>>();
  // It may be rejected when nothing waits for it any more.
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
  it("sends each result with its cursor as the event's id, and then `complete`", async () => {
    const results = resultsOf(resultAt("7"), resultAt("8"), "done");
    const said = await read(eventStream(results, { limitMs: LIMIT_MS }));
    expect(said).toBe(RETRY + saidOf("7") + saidOf("8") + COMPLETE);
  });

  it.each<[string, ExecutionResult]>([
    ["without extensions", { data: { at: null } }],
    ["with another's extensions", { data: { at: null }, extensions: { cost: 3 } }],
    ["without a cursor", { data: null, extensions: { concord: {} } }],
  ])("sends a result %s as an event without an id", async (_, result) => {
    const said = await read(eventStream(resultsOf(result, "done"), { limitMs: LIMIT_MS }));
    expect(said).toBe(`${RETRY}event: next\ndata: ${JSON.stringify(result)}\n\n${COMPLETE}`);
  });

  it("sends text with line breaks as one line of JSON", async () => {
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

  it("sends comments while it is idle, and none after its end", async () => {
    const results = resultsOf(resultAt("7"));
    const said = read(eventStream(results, { limitMs: 3500, pingMs: 1000 }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await said).toBe(`${RETRY}${saidOf("7")}${":\n\n".repeat(3)}`);
  });
});

describe("a stream that its client has to resume", () => {
  it("ends at its limit without `complete`, and closes the results", async () => {
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
  ])("does not send %s that comes after its limit", async (_, come) => {
    const results = resultsOf(resultAt("7"));
    const said = read(eventStream(results, { limitMs: LIMIT_MS, pingMs: LIMIT_MS * 2 }));
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    come(results.settle);
    await vi.advanceTimersByTimeAsync(0);
    expect(await said).toBe(RETRY + saidOf("7"));
    expect(logged).not.toHaveBeenCalled();
  });

  it.each<[string, number, Error]>([
    ["was disconnected from the object, which is not logged", 0, new LiveDisconnected("gone")],
    ["met a fault, which is logged", 1, new Error("ours")],
  ])("ends without `complete` when it %s", async (_, faults, thrown) => {
    const results = resultsOf(resultAt("7"), thrown);
    expect(await read(eventStream(results, { limitMs: LIMIT_MS }))).toBe(RETRY + saidOf("7"));
    expect(results.returned).toHaveBeenCalled();
    expect(logged).toHaveBeenCalledTimes(faults);
  });

  it("ends at once when its token has expired", async () => {
    const said = read(eventStream(resultsOf(), { limitMs: -5 }));
    await vi.advanceTimersByTimeAsync(1);
    expect(await said).toBe(RETRY);
  });
});

describe("a stream whose reader leaves", () => {
  it.each<[string, (settle: ReturnType<typeof resultsOf>["settle"]) => void]>([
    ["nothing", () => {}],
    ["a result", ({ resolve }) => resolve({ done: false, value: resultAt("8") })],
    ["the end", ({ resolve }) => resolve({ done: true, value: undefined })],
    ["a fault", ({ reject }) => reject(new Error("late"))],
  ])("closes the results, and ignores %s that comes afterwards", async (_, come) => {
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

  it("pulls the next result only when the last has been read", async () => {
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
