import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listen, type Refusal } from "./client.ts";

beforeEach(() => {
  vi.stubGlobal("sessionStorage", { getItem: () => "a-token" });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Serves a stream that says this, and then does what `then` does to it. */
function serve(text: string, then: (controller: ReadableStreamDefaultController<Uint8Array>) => void): void {
  vi.stubGlobal("fetch", async (_: string, { signal }: { signal: AbortSignal }) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason));
        controller.enqueue(new TextEncoder().encode(text));
        setTimeout(() => then(controller), 0);
      },
    });
    return new Response(body);
  });
}

async function heardOf(): Promise<{ heard: unknown[]; missed: string[]; refusal: Refusal | undefined }> {
  const heard: unknown[] = [];
  const missed: string[] = [];
  const said = {
    onEvent: (event: unknown) => void heard.push(event),
    onGap: ({ code }: Refusal) => void missed.push(code),
  };
  const refusal = await listen("/flow", said, new AbortController().signal).then(
    () => undefined,
    (thrown) => thrown as Refusal,
  );
  return { heard, missed, refusal };
}

describe("a stream", () => {
  it("goes on behind what its server could not tell, and says why that was", async () => {
    serve('data: 1\n\nevent: unknown\ndata: {"code":"unavailable","message":"not now"}\n\ndata: 2\n\n', (it) =>
      it.close(),
    );
    expect(await heardOf()).toEqual({ heard: [1, 2], missed: ["unavailable"], refusal: undefined });
  });

  it("that breaks is out of reach, and no failure of the console", async () => {
    serve("data: 1\n\n", (controller) => controller.error(new TypeError("network error")));
    expect(await heardOf()).toMatchObject({ heard: [1], refusal: { code: "unreachable" } });
  });

  it("that falls silent without an end is given up", async () => {
    vi.useFakeTimers();
    serve("data: 1\n\n", () => {});
    const listening = heardOf();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await listening).toMatchObject({ heard: [1], refusal: { code: "unreachable" } });
  });
});
