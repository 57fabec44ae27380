import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepSeen } from "./consistency.ts";
import type { TrustedDocument } from "./document.ts";
import { LiveClient, type LiveOptions } from "./live.ts";

type Message = {
  readonly id: string;
  readonly type: string;
  readonly payload: { readonly Authorization?: string; readonly variables: Record<string, unknown> };
};

/** The other end of a socket: it lets everybody in, and a test says what it sends. */
class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  static all: FakeSocket[] = [];
  /** How sockets are refused. */
  static refusal: readonly [code: number, reason: string] | undefined;

  readyState = FakeSocket.CONNECTING;
  readonly sent: Message[] = [];
  readonly url: string;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
    const { refusal } = FakeSocket;
    setTimeout(() => {
      this.readyState = FakeSocket.OPEN;
      this.onopen?.();
      if (refusal) this.drop(...refusal);
    });
  }

  send(text: string): void {
    const message = JSON.parse(text) as Message;
    this.sent.push(message);
    if (message.type === "connection_init") this.receive({ type: "connection_ack" });
  }

  receive(message: object): void {
    setTimeout(() => this.onmessage?.({ data: JSON.stringify(message) }));
  }

  /** Sends an item of the subscription with these variables. */
  item(key: string, cursor: string, consistencyToken: string | null = null): void {
    this.receive({
      type: "next",
      id: this.idOf(key),
      payload: { data: { item: `${key} ${cursor}` }, extensions: { concord: { cursor, consistencyToken } } },
    });
  }

  fail(key: string, code: string, extensions: object = {}): void {
    const payload = [{ message: code, extensions: { code, ...extensions } }];
    this.receive({ type: "error", id: this.idOf(key), payload });
  }

  idOf = (key: string): string => this.subscribed.find(({ payload }) => payload.variables.key === key)?.id ?? "";

  get subscribed(): Message[] {
    return this.sent.filter(({ type }) => type === "subscribe");
  }

  close(code = 1000, reason = ""): void {
    this.drop(code, reason);
  }

  drop(code: number, reason = ""): void {
    if (this.readyState === FakeSocket.CLOSED) return;
    this.readyState = FakeSocket.CLOSED;
    setTimeout(() => this.onclose?.({ code, reason }));
  }
}

const DOCUMENT: TrustedDocument<{ item: string }, { key: string; keys?: string[] }> = {
  documentId: "sha256:0",
  operation: "subscription",
};
const url = "wss://api.test/live";

function clientOf(options: Partial<LiveOptions> = {}) {
  let tokens = 0;
  const live = new LiveClient({ url, token: () => `token-${++tokens}`, ...options });
  const items: string[] = [];
  const ends: [string, unknown][] = [];
  const watch = (key: string) =>
    live.watch(
      DOCUMENT,
      { key },
      { onItem: ({ item }) => items.push(item), onEnd: (reason) => ends.push([key, reason]) },
    );
  return { live, items, ends, watch };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const variablesOn = (socket: FakeSocket | undefined) => socket?.subscribed.map(({ payload }) => payload.variables);
const last = () => FakeSocket.all.at(-1) as FakeSocket;

beforeEach(() => {
  FakeSocket.all = [];
  FakeSocket.refusal = undefined;
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the subscriptions of a client", () => {
  it("share one socket, which is opened with the first and closed a while after the last", async () => {
    const { watch } = clientOf();
    expect(FakeSocket.all).toHaveLength(0);
    const stops = ["a", "b", "c"].map(watch);
    await pass(10);
    expect(FakeSocket.all.map((socket) => socket.url)).toEqual([url]);
    expect(variablesOn(last())).toEqual([{ key: "a" }, { key: "b" }, { key: "c" }]);
    for (const stop of stops) stop();
    await pass(1_000);
    stops.push(watch("d"));
    await pass(10);
    expect(FakeSocket.all).toHaveLength(1);
    stops.at(-1)?.();
    await pass(10_000);
    expect(last().readyState).toBe(FakeSocket.CLOSED);
    watch("e");
    await pass(10);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("each go on after their own last item, whatever their cursor is called, when the socket drops", async () => {
    const { watch, items } = clientOf();
    for (const key of ["device", "devices", "nothing yet"]) watch(key);
    await pass(10);
    last().item("device", "7");
    last().item("device", "8");
    last().item("devices", "c0ffee.3..9");
    await pass(10);
    last().drop(1006);
    await pass(1_000);
    expect(FakeSocket.all).toHaveLength(2);
    expect(variablesOn(last())).toEqual([
      { key: "device", after: "8", afterRevision: 8 },
      { key: "devices", after: "c0ffee.3..9" },
      { key: "nothing yet" },
    ]);
    expect(items).toEqual(["device 7", "device 8", "devices c0ffee.3..9"]);
  });

  it("get a fresh token after the last one has expired", async () => {
    const { watch, ends } = clientOf();
    watch("a");
    await pass(10);
    last().drop(4403, "Forbidden: the token has expired");
    await pass(1_000);
    expect(FakeSocket.all.map(({ sent }) => sent[0]?.payload.Authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
    expect(ends).toEqual([]);
  });

  it("go on when no token could be had for once", async () => {
    let asked = 0;
    const token = async () => {
      if (++asked === 1) throw new Error("the issuer is out of reach");
      return "t";
    };
    const { watch, ends } = clientOf({ token });
    watch("a");
    await pass(2_000);
    expect(variablesOn(last())).toEqual([{ key: "a" }]);
    expect([asked, ends]).toEqual([2, []]);
  });

  it("come back after a night without a network", async () => {
    const { watch, ends } = clientOf();
    watch("a");
    await pass(10);
    FakeSocket.refusal = [1006, ""];
    last().drop(1006);
    await pass(12 * 3_600_000);
    FakeSocket.refusal = undefined;
    await pass(11_000);
    expect(variablesOn(last())).toEqual([{ key: "a" }]);
    expect(ends).toEqual([]);
  });

  it("wait as long as they are told to when there are too many sockets, and then go on", async () => {
    const { watch, ends } = clientOf();
    const stops = ["a", "b"].map(watch);
    await pass(10);
    last().item("a", "4");
    await pass(10);
    FakeSocket.refusal = [4429, "Too many requests: retry in 60 s"];
    last().drop(1006);
    await pass(59_000);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.refusal = undefined;
    await pass(8_000);
    expect(FakeSocket.all).toHaveLength(3);
    const resumed = variablesOn(last())?.toSorted((one, other) => String(one.key).localeCompare(String(other.key)));
    expect(resumed).toEqual([{ key: "a", after: "4", afterRevision: 4 }, { key: "b" }]);
    expect(ends).toEqual([]);
    for (const stop of stops) stop();
    await pass(10_000);
    expect(last().readyState).toBe(FakeSocket.CLOSED);
  });

  it("wait for stores that are out of reach, while the others go on", async () => {
    const { watch, ends, items } = clientOf();
    for (const key of ["a", "b"]) watch(key);
    await pass(10);
    last().fail("a", "UPSTREAM_UNAVAILABLE", { retryAfterMs: 2_000 });
    await pass(1_900);
    last().item("b", "1");
    await pass(50);
    expect(variablesOn(last())).toEqual([{ key: "a" }, { key: "b" }]);
    await pass(200);
    expect(variablesOn(last())).toEqual([{ key: "a" }, { key: "b" }, { key: "a" }]);
    expect([items, ends]).toEqual([["b 1"], []]);
  });

  it("end with what the server says, and the others do not", async () => {
    const { watch, ends, items } = clientOf();
    for (const key of ["a", "b"]) watch(key);
    await pass(10);
    last().fail("a", "NOT_FOUND");
    await pass(10);
    last().item("b", "1");
    await pass(10);
    expect(ends).toEqual([["a", [{ message: "NOT_FOUND", extensions: { code: "NOT_FOUND" } }]]]);
    expect(items).toEqual(["b 1"]);
    last().receive({ type: "complete", id: last().idOf("b") });
    await pass(10_000);
    expect(ends[1]).toEqual(["b", undefined]);
    expect(last().readyState).toBe(FakeSocket.CLOSED);
  });

  it("get nothing more once they are stopped, and do not come back", async () => {
    const { watch, items, ends } = clientOf();
    const stop = watch("a");
    watch("b");
    await pass(10);
    last().item("a", "1");
    stop();
    await pass(10);
    last().drop(1006);
    await pass(1_000);
    expect(variablesOn(last())).toEqual([{ key: "b" }]);
    expect([items, ends]).toEqual([[], []]);
  });

  it("do not come back when they are stopped while they wait", async () => {
    const { watch } = clientOf();
    const stop = watch("a");
    watch("b");
    await pass(10);
    last().fail("a", "UPSTREAM_UNAVAILABLE");
    await pass(500);
    stop();
    await pass(5_000);
    expect(variablesOn(last())).toEqual([{ key: "a" }, { key: "b" }]);
  });

  it("are not ended by one whose own code throws", async () => {
    const thrown: unknown[] = [];
    const live = new LiveClient({ url, token: () => "t" });
    const items: string[] = [];
    const onItem = ({ item }: { item: string }) => {
      items.push(item);
      if (item === "a 1") throw new Error("of the page");
    };
    for (const key of ["a", "b"]) live.watch(DOCUMENT, { key }, { onItem });
    await pass(10);
    // Timers report what they throw to whoever runs them.
    last().item("a", "1");
    last().item("b", "1");
    last().item("a", "2");
    await pass(10).catch((error: unknown) => thrown.push(error));
    await pass(10);
    expect(thrown).toEqual([new Error("of the page")]);
    expect(items).toEqual(["a 1", "b 1", "a 2"]);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("note what their items have seen", async () => {
    const seen = keepSeen();
    const { watch } = clientOf({ seen });
    watch("a");
    await pass(10);
    last().item("a", "1", "0000-7");
    await pass(10);
    expect(seen.latest()).toBe("0000-7");
  });

  it("have a second socket above what one carries", async () => {
    const { live, watch } = clientOf();
    const stops = Array.from({ length: 301 }, (_, i) => watch(`d-${i}`));
    const keys = Array.from({ length: 100 }, (_, i) => `d-${i}`);
    live.watch(DOCUMENT, { key: "a list", keys }, { onItem: () => {} });
    await pass(10);
    expect(FakeSocket.all.map(({ subscribed }) => subscribed.length)).toEqual([301, 1]);
    stops[0]?.();
    live.watch(DOCUMENT, { key: "another", keys }, { onItem: () => {} });
    await pass(10);
    expect(FakeSocket.all.map(({ subscribed }) => subscribed.length)).toEqual([302, 1]);
  });

  it("go straight to one object where they are told to, with a socket for each object", async () => {
    const place = ({ key }: Readonly<Record<string, unknown>>) => (key === "elt:1" ? { device: "elt:1" } : undefined);
    const { watch } = clientOf({ place });
    for (const key of ["elt:1", "elt:2", "elt:3", "elt:1"]) watch(key);
    await pass(10);
    expect(FakeSocket.all.map((socket) => [socket.url, socket.subscribed.length])).toEqual([
      [`${url}?device=elt%3A1`, 2],
      [url, 2],
    ]);
  });

  it("can be moved to new sockets, and say when there is one", async () => {
    const states: boolean[] = [];
    const { live, watch } = clientOf({ onConnection: (isOpen) => states.push(isOpen) });
    watch("a");
    await pass(10);
    last().item("a", "1");
    await pass(10);
    live.reconnect();
    await pass(1_000);
    expect(FakeSocket.all).toHaveLength(2);
    expect(variablesOn(last())).toEqual([{ key: "a", after: "1", afterRevision: 1 }]);
    expect(states).toEqual([true, false, true]);
  });
});
