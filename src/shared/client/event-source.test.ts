import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventSource } from "./event-source.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The streams that were opened, as a browser has them. */
class FakeSource extends EventTarget {
  static opened: FakeSource[] = [];
  readonly url: string;
  isClosed = false;
  constructor(url: string) {
    super();
    this.url = url;
    FakeSource.opened.push(this);
  }
  close() {
    this.isClosed = true;
  }
  say(type: string, answer?: object, lastEventId = "") {
    this.dispatchEvent(Object.assign(new Event(type), { data: answer && JSON.stringify(answer), lastEventId }));
  }
}
const last = () => FakeSource.opened.at(-1) as FakeSource;

type Asked = {
  readonly url: string;
  readonly authorization: string | null;
  readonly lastEventId: string | null;
  readonly body: unknown;
};

/** An API that gives tickets, or answers with what it is told to, once each. */
function api(...refusals: (Response | Error)[]) {
  const asked: Asked[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    asked.push({
      url,
      authorization: headers.get("Authorization"),
      lastEventId: headers.get("Last-Event-ID"),
      body: JSON.parse(String(init.body)),
    });
    const refusal = refusals.shift();
    if (refusal instanceof Error) throw refusal;
    return refusal ?? Response.json({ url: `https://concord.test/graphql/stream?ticket=${asked.length}` });
  };
  return { asked, fetch: fetch as typeof globalThis.fetch };
}

const refused = (status: number, code: string, extensions: object = {}) =>
  Response.json({ errors: [{ message: code, extensions: { code, ...extensions } }] }, { status });

let items: unknown[];
let ends: unknown[][];
function subscribe(fetch: typeof globalThis.fetch) {
  [items, ends, FakeSource.opened] = [[], [], []];
  let tokens = 0;
  return eventSource(
    { documentId: "sha256:1" },
    { key: "elt:1" },
    {
      url: "https://concord.test/graphql",
      token: () => `t${++tokens}`,
      onItem: (item) => void items.push(item),
      onEnd: (...reason) => void ends.push(reason),
      fetch,
      EventSource: FakeSource as unknown as typeof EventSource,
    },
  );
}
const item = (revision: number) => ({ data: { deviceChanged: { revision } } });
/** Long enough for one more attempt. */
const pass = (ms = 15_000) => vi.advanceTimersByTimeAsync(ms);

describe("a subscription by an EventSource", () => {
  it("is opened with a ticket for its document, its variables and its token", async () => {
    const { asked, fetch } = api();
    subscribe(fetch);
    await pass(0);
    expect(asked).toEqual([
      {
        url: "https://concord.test/graphql/ticket",
        authorization: "Bearer t1",
        lastEventId: null,
        body: { documentId: "sha256:1", variables: { key: "elt:1" } },
      },
    ]);
    expect(last().url).toBe("https://concord.test/graphql/stream?ticket=1");
  });

  it("goes on after its last item with another ticket whenever a stream ends, and never with the same one", async () => {
    const { asked, fetch } = api();
    subscribe(fetch);
    await pass(0);
    last().say("next", item(1), "1");
    last().say("next", item(2), "2");
    const first = last();
    first.say("error");
    expect(first.isClosed).toBe(true);
    await pass();
    last().say("next", item(3), "3");
    // What a closed stream still says is not heard twice.
    first.say("error");
    last().say("error");
    await pass();
    expect(asked.map(({ lastEventId, authorization }) => [lastEventId, authorization])).toEqual([
      [null, "Bearer t1"],
      ["2", "Bearer t2"],
      ["3", "Bearer t3"],
    ]);
    expect(new Set(FakeSource.opened.map(({ url }) => url)).size).toBe(3);
    expect(items).toEqual([1, 2, 3].map((n) => item(n).data));
    expect(ends).toEqual([]);
  });

  it("is over when it is completed", async () => {
    const { asked, fetch } = api();
    subscribe(fetch);
    await pass(0);
    last().say("next", item(1), "1");
    last().say("complete");
    last().say("error");
    await pass();
    expect([ends, last().isClosed, asked.length]).toEqual([[[]], true, 1]);
  });

  it.each([
    ["no network", new TypeError("fetch failed")],
    ["an outage", refused(503, "UPSTREAM_UNAVAILABLE", { retryAfterMs: 1_000 })],
    ["too many requests", refused(429, "TOO_MANY_REQUESTS", { retryAfterMs: 10_000 })],
    ["a page of something in between", new Response("<html>", { status: 502 })],
  ])("is tried again after %s", async (_, refusal) => {
    const { asked, fetch } = api(refusal);
    subscribe(fetch);
    await pass();
    expect([asked.length, FakeSource.opened.length, ends]).toEqual([2, 1, []]);
  });

  it("waits as long as the API says", async () => {
    const { asked, fetch } = api(refused(429, "TOO_MANY_REQUESTS", { retryAfterMs: 10_000 }));
    subscribe(fetch);
    await pass(9_900);
    expect(asked).toHaveLength(1);
    await pass(200);
    expect(asked).toHaveLength(2);
  });

  it.each(["UNAUTHENTICATED", "GRAPHQL_VALIDATION_FAILED", "TRUSTED_DOCUMENTS_ONLY", "COST_LIMIT"])(
    "ends for good when its ticket is refused with %s",
    async (code) => {
      const { asked, fetch } = api(refused(400, code));
      subscribe(fetch);
      await pass();
      expect([asked.length, ends]).toEqual([1, [[expect.objectContaining({ name: "ConcordError", code })]]]);
    },
  );

  it("ends with the error that its stream says before it completes, unless that passes", async () => {
    const { fetch, asked } = api();
    subscribe(fetch);
    await pass(0);
    last().say("next", { errors: [{ message: "out", extensions: { code: "UPSTREAM_UNAVAILABLE" } }] });
    last().say("complete");
    await pass();
    expect([asked.length, ends]).toEqual([2, []]);
    last().say("next", { errors: [{ message: "none", extensions: { code: "NOT_FOUND" } }] });
    last().say("complete");
    await pass();
    expect([asked.length, ends]).toEqual([2, [[expect.objectContaining({ code: "NOT_FOUND" })]]]);
  });

  it("that is stopped asks for nothing more, and nothing is called", async () => {
    const { asked, fetch } = api();
    const stop = subscribe(fetch);
    await pass(0);
    stop();
    last().say("next", item(1), "1");
    last().say("error");
    await pass();
    expect([items, ends, asked.length, last().isClosed]).toEqual([[], [], 1, true]);
  });

  it("that is stopped before its ticket came opens nothing", async () => {
    const { fetch } = api();
    subscribe(fetch)();
    await pass();
    expect(FakeSource.opened).toEqual([]);
  });
});
