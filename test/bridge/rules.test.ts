import { afterEach, describe, expect, it } from "vitest";
import { StopError } from "../../bridge/source.ts";
import type { Fault } from "./faults.ts";
import { HABITS, type StandInDialect } from "./habits.ts";
import { batchOf, closeAll, never, offsetsOf, produce, type StandIn, standIn, TOPIC } from "./stand-in.ts";

const DIALECTS = Object.keys(HABITS) as StandInDialect[];
const at = (offset: number, partition = 0) => ({ topic: TOPIC, partition, offset });
const called = ({ proxy }: StandIn, method: string, path: RegExp) =>
  proxy.requests.filter((request) => request.method === method && path.test(request.path));

afterEach(closeAll);

describe.each(DIALECTS)("in front of %s, a source", (dialect) => {
  it("reads the bytes of keys and values, and the timestamps and headers that it is given", async () => {
    const { broker, source } = await standIn(dialect);
    produce(broker, "first", null, "");
    const records = await batchOf(await source().open(never));
    expect(records.map(({ key, value }) => [`${key}`, value && `${value}`])).toEqual([
      ["k", "first"],
      ["k", null],
      // Karapace does not tell an empty value from none.
      ["k", dialect === "karapace" ? null : ""],
    ]);
    const hasTime = dialect === "karapace" || dialect === "strimzi";
    expect(records[0]?.timestampMs).toBe(hasTime ? 1_795_792_675_000 : null);
    expect(records[0]?.headers.map(([name, value]) => [name, `${value}`])).toEqual(
      dialect === "strimzi" ? [["x-source", "samples"]] : [],
    );
  });

  it("asks for binary records without a limit of bytes", async () => {
    const { broker, source, ...rest } = await standIn(dialect);
    produce(broker, "first");
    await batchOf(await source().open(never));
    const [poll] = called({ broker, source, ...rest }, "GET", /records/);
    expect(poll?.path).toMatch(/\/records\?timeout=\d+$/);
    expect(poll?.headers.accept).toBe("application/vnd.kafka.binary.v2+json");
  });

  it("commits nothing by itself, and nothing when it is closed", async () => {
    const { broker, source } = await standIn(dialect);
    produce(broker, "first", "second");
    const each = source();
    const session = await each.open(never);
    await batchOf(session);
    await session.commit([]);
    await session.close();
    await each.close();
    expect(broker.stored.size).toBe(0);
  });

  it("commits a position so that the next instance begins there", async () => {
    const { broker, source } = await standIn(dialect);
    produce(broker, "0", "1", "2", "3");
    const each = source();
    const session = await each.open(never);
    await batchOf(session);
    await session.commit([at(3)]);
    expect(HABITS[dialect].nextOf(broker.stored.get(`${TOPIC}-0`) as number)).toBe(3);
    await session.close();
    expect(offsetsOf(await batchOf(await each.open(never)))).toEqual([3]);
  });

  it.each<Fault>(["422", "406", "error", "error object", "cut", "hangs after", "hangs before"])(
    "gives up an instance whose poll ends with %s, and goes on at what is committed with another",
    async (fault) => {
      const { broker, proxy, faults, source } = await standIn(dialect);
      produce(broker, "0", "1");
      const each = source();
      const session = await each.open(never);
      expect(offsetsOf(await batchOf(session))).toEqual([0, 1]);
      await session.commit([at(1)]);
      faults.poll = [fault];
      produce(broker, "2");
      await expect(batchOf(session)).rejects.toThrow();
      await session.close();
      const next = await each.open(never);
      expect(offsetsOf(await batchOf(next))).toEqual([1, 2]);
      expect(proxy.requests.filter(({ method, path }) => method === "DELETE" && /bridge/.test(path))).not.toEqual([]);
    },
  );

  it("makes a new instance when the proxy has forgotten the old one", async () => {
    const { broker, proxy, source } = await standIn(dialect);
    produce(broker, "0", "1");
    const each = source();
    const session = await each.open(never);
    await batchOf(session);
    await session.commit([at(1)]);
    proxy.restart();
    await expect(session.commit([at(2)])).rejects.toThrow("does not know the consumer instance");
    expect(session.over.aborted).toBe(true);
    await expect(batchOf(session)).rejects.toThrow();
    await session.close();
    expect(offsetsOf(await batchOf(await each.open(never)))).toEqual([1]);
  });

  it("deletes its instance when it is closed, however often the proxy fails to", async () => {
    const { proxy, faults, source } = await standIn(dialect);
    faults.delete = ["error", "cut"];
    const each = source();
    const session = await each.open(never);
    expect(proxy.instances()).toEqual(["bridge"]);
    await session.close();
    await each.close();
    expect(proxy.instances()).toEqual([]);
  });

  it("deletes an instance whose creation was not answered", async () => {
    const { proxy, faults, source } = await standIn(dialect);
    faults.create = ["hangs after"];
    const each = source();
    await expect(each.open(never)).rejects.toThrow("no answer");
    await each.close();
    expect(proxy.instances()).toEqual([]);
  });

  it("gives up a poll that waits when it is asked to end, so that the last commit is sent at once", async () => {
    const { broker, proxy, source } = await standIn(dialect);
    produce(broker, "0");
    const stop = new AbortController();
    const session = await source({ pollTimeoutMs: 4_000, callTimeoutMs: 8_000 }).open(stop.signal);
    await batchOf(session);
    const waiting = batchOf(session).catch(() => undefined);
    stop.abort();
    const committed = session.commit([at(1)]).catch(() => undefined);
    const isSent = () => proxy.requests.some(({ method, path }) => method === "POST" && path.endsWith("/offsets"));
    await expect.poll(isSent).toBe(true);
    proxy.close();
    await Promise.all([waiting, committed]);
  });

  it("does not wait for a DELETE that hangs before it opens the next session", async () => {
    const { broker, proxy, faults, source } = await standIn(dialect);
    produce(broker, "0");
    const each = source();
    const session = await each.open(never);
    faults.delete = ["hangs before", "hangs before"];
    await session.close();
    const next = await each.open(never);
    expect(offsetsOf(await batchOf(next))).toEqual([0]);
    expect(proxy.instances()[0]).toBe("bridge");
    expect(proxy.instances()[1]).toMatch(/^bridge-[0-9a-f]{8}$/);
  });

  it("takes the name of a bridge that was killed, and deletes its instance", async () => {
    const { broker, proxy, front, source } = await standIn(dialect);
    produce(broker, "0");
    await source().open(never);
    const killed = front.url.host;
    const second = await proxy.listen();
    await source({ url: second.url }).open(never);
    expect(proxy.instances()).toEqual(["bridge"]);
    expect(proxy.instances(second)).toEqual(["bridge"]);
    expect(killed).not.toBe(second.url.host);
  });

  it("sends its authorization with every call, and stops with a word if that is refused", async () => {
    const { proxy, source } = await standIn(dialect, { authorization: "Basic YTpi" });
    await (await source({ authorization: "Basic YTpi" }).open(never)).close();
    expect(proxy.requests.every(({ headers }) => headers.authorization === "Basic YTpi")).toBe(true);
    const refused = source({ authorization: "Basic other" }).open(never);
    await expect(refused).rejects.toThrow(/refused GET .*401: who are you.*CONCORD_BRIDGE_PROXY_PASSWORD/);
    await expect(source().open(never)).rejects.toBeInstanceOf(StopError);
  });

  it("subscribes to names that match the pattern, and never to a topic that Concord does not take", async () => {
    const { broker, events, source, ...rest } = await standIn(dialect);
    broker.addTopic("billing.invoices", 1);
    broker.addTopic("device.elt.settings.changed", 1);
    const topics = { kind: "pattern", pattern: /^(device\.elt|billing)\./, refreshMs: 20 } as const;
    const session = await source({ topics }).open(never);
    const [subscription] = called({ broker, events, source, ...rest }, "POST", /subscription/);
    expect(JSON.parse(subscription?.body ?? "")).toEqual({ topics: [TOPIC, "device.elt.settings.changed"] });
    expect(events).toEqual([{ kind: "topics.ignored", topics: ["billing.invoices"] }]);
    broker.addTopic("device.elt.alert.raised", 1);
    await expect.poll(() => session.over.reason).toBe("there are new topics: device.elt.alert.raised");
    expect(events).toHaveLength(1);
  });

  it("says that it cannot begin at a time", async () => {
    const { source } = await standIn(dialect);
    const opened = source({ from: { timestampMs: 0 } }).open(never);
    await expect(opened).rejects.toThrow(/cannot look up offsets by time.*--reset-offsets/);
    await expect(opened).rejects.toBeInstanceOf(StopError);
  });

  it("begins at the latest record where the proxy can, and says so where it cannot", async () => {
    const { broker, source, ...rest } = await standIn(dialect);
    const opened = source({ from: "latest" }).open(never);
    if (dialect.startsWith("redpanda")) {
      await expect(opened).rejects.toThrow("Start with --from earliest");
      return;
    }
    await opened;
    const [creation] = called({ broker, source, ...rest }, "POST", /consumers\/concord$/);
    expect(JSON.parse(creation?.body ?? "")).toMatchObject({ "auto.offset.reset": "latest" });
  });
});

describe("the address of an instance", () => {
  const UNREACHABLE = { advertised: "http://proxy.invalid:8082/" };

  it.each(["rewrite-host", "ignore"] as const)("is not the one that cannot be reached, with %s", async (baseUri) => {
    const { broker, source } = await standIn("confluent", UNREACHABLE);
    produce(broker, "0");
    expect(offsetsOf(await batchOf(await source({ baseUri }).open(never)))).toEqual([0]);
  });

  it("is said to be unreachable when the proxy's own is used, and the instance is deleted all the same", async () => {
    const { proxy, source } = await standIn("confluent", UNREACHABLE);
    const each = source();
    await expect(each.open(never)).rejects.toThrow(/proxy\.invalid.*--proxy-base-uri/);
    await each.close();
    expect(proxy.instances()).toEqual([]);
  });
});

describe("the dialect", () => {
  it("is not guessed if the proxy does not say which one it is", async () => {
    const root = { status: 200, headers: { "Content-Type": "text/html" }, body: {} };
    const { source } = await standIn("confluent", { habits: { ...HABITS.confluent, root } });
    const opened = source().open(never);
    await expect(opened).rejects.toThrow(/--proxy-dialect: confluent, karapace, strimzi, redpanda/);
    await expect(opened).rejects.toBeInstanceOf(StopError);
    await (await source({ dialect: "confluent" }).open(never)).close();
  });
});

describe("what is known of partitions", () => {
  it.each(["confluent", "karapace"] as const)("is the log and what is committed, of %s", async (dialect) => {
    const { broker, source } = await standIn(dialect);
    produce(broker, "0", "1", "2");
    const each = source();
    const session = await each.open(never);
    const empty = { topic: TOPIC, partition: 1, committed: null, earliest: 0, latest: 0 };
    const first = { topic: TOPIC, partition: 0, earliest: 0, latest: 3 };
    expect(await session.partitions()).toEqual([{ ...first, committed: null }, empty]);
    await session.commit([at(2)]);
    expect(await session.partitions()).toEqual([{ ...first, committed: 2 }, empty]);
  });

  it.each(["confluent", "karapace", "redpanda"] as const)(
    "is put right where another member of %s has sent the group back",
    async (dialect) => {
      const { broker, source } = await standIn(dialect);
      produce(broker, "0", "1", "2");
      const session = await source().open(never);
      await session.partitions();
      await batchOf(session);
      await session.commit([at(3)]);
      const stored = broker.stored.get(`${TOPIC}-0`) as number;
      broker.store(`${TOPIC}-0`, stored - 2);
      await session.partitions();
      expect(broker.stored.get(`${TOPIC}-0`)).toBe(stored);
    },
  );

  it("is the log and what this bridge has committed, of Strimzi", async () => {
    const { broker, source } = await standIn("strimzi");
    produce(broker, "0", "1", "2");
    const session = await source().open(never);
    expect((await session.partitions()).map(({ committed, latest }) => [committed, latest])).toEqual([
      [null, 3],
      [null, 0],
    ]);
    await session.commit([at(2)]);
    expect((await session.partitions())[0]).toEqual({
      topic: TOPIC,
      partition: 0,
      committed: 2,
      earliest: 0,
      latest: 3,
    });
  });

  it("is what is committed, of Redpanda, once records have come; until then nothing says that all is read", async () => {
    const { broker, source } = await standIn("redpanda");
    const unknown = { topic: TOPIC, partition: 0, committed: null, earliest: null, latest: null };
    const session = await source().open(never);
    expect(await session.partitions()).toEqual([unknown]);
    produce(broker, "0", "1");
    await batchOf(session);
    await session.commit([at(2)]);
    expect(await session.partitions()).toEqual([{ ...unknown, committed: 2 }]);
  });
});
