import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask, listen, type Refusal } from "./client.ts";
import { resumeSession, sessionEnd } from "./sign-in/session.ts";

beforeEach(() => {
  vi.stubGlobal("sessionStorage", { getItem: () => "a-token" });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  resumeSession();
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

describe("a session", () => {
  type Asked = { readonly path: string; readonly init: RequestInit };

  /** Answers each path as it says, and keeps what was asked. */
  function answering(answers: Readonly<Record<string, () => Response>>): Asked[] {
    const asked: Asked[] = [];
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const path = url.replace("/ops/api", "");
      asked.push({ path, init });
      return answers[path]?.() ?? Response.json({});
    });
    return asked;
  }

  const refusalOf = (asking: Promise<unknown>): Promise<Refusal> =>
    asking.then(
      () => expect.fail(),
      (thrown) => thrown,
    );
  const page = (status: number) => new Response("<h1>Cloudflare Access</h1>", { status });
  /** As a browser has the redirect that it was told not to follow. */
  const redirected = () => Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" });

  it.each<[string, () => Response, RegExp]>([
    ["401 and a page", () => page(401), /Cloudflare Access has ended/],
    ["a redirect", redirected, /Cloudflare Access has ended/],
    [
      "401 of ours",
      () => Response.json({ error: { code: "unauthenticated", message: "The token has expired." } }, { status: 401 }),
      /^The token has expired\.$/,
    ],
  ])("ends with %s, and nothing but who one is is asked then", async (_, answer, message) => {
    const asked = answering({ "/groups": answer });
    expect(await refusalOf(ask("GET", "/groups"))).toMatchObject({
      status: 401,
      message: expect.stringMatching(message),
    });
    expect(sessionEnd()?.message).toMatch(message);
    expect(await refusalOf(ask("POST", "/discards", {}))).toMatchObject({ status: 401, code: "session_ended" });
    expect(asked.map(({ path }) => path)).toEqual(["/groups"]);
    await ask("GET", "/me");
    expect(sessionEnd()).toBeUndefined();
    await ask("GET", "/topics");
    expect(asked.map(({ path }) => path)).toEqual(["/groups", "/me", "/topics"]);
  });

  it.each([403, 404, 429, 500, 503])("does not end with %i", async (status) => {
    answering({ "/groups": () => page(status) });
    expect(await refusalOf(ask("GET", "/groups"))).toMatchObject({ status, code: "http" });
    expect(sessionEnd()).toBeUndefined();
  });

  it("is asked for in words that Access answers, and follows it nowhere", async () => {
    const asked = answering({});
    await ask("POST", "/runs/r/pause");
    expect(asked[0]?.init).toMatchObject({
      redirect: "manual",
      headers: { "X-Requested-With": "XMLHttpRequest", "Content-Type": "application/json" },
    });
  });
});
