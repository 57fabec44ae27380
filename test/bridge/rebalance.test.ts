import { afterEach, describe, expect, it } from "vitest";
import type { Session, Source } from "../../bridge/source.ts";
import type { StandInDialect } from "./habits.ts";
import { batchOf, closeAll, never, offsetsOf, produce, type StandIn, standIn, TOPIC } from "./stand-in.ts";

/** Those that can be asked which partitions an instance has. */
const DIALECTS: readonly StandInDialect[] = ["confluent", "karapace", "strimzi"];
const at = (offset: number, partition = 0) => ({ topic: TOPIC, partition, offset });

afterEach(closeAll);

/** Polls until the session is over. */
async function readToEnd(session: Session): Promise<void> {
  for await (const _ of session.records);
}

/** A session of two partitions, and a second member that has joined since. */
async function rebalanced(stand: StandIn): Promise<{ each: Source; session: Session; other: Session }> {
  produce(stand.broker, "0", "1", "2");
  const each = stand.source({ clientId: "a" });
  const session = await each.open(never);
  expect(offsetsOf(await batchOf(session))).toEqual([0, 1, 2]);
  const [other] = await Promise.all([stand.source({ clientId: "b" }).open(never), readToEnd(session)]);
  return { each, session, other };
}

describe.each(DIALECTS)("a rebalance, as %s shows it", (dialect) => {
  it("ends the session, which is no failure", async () => {
    const { session } = await rebalanced(await standIn(dialect));
    expect(session.over.reason).toBe("the group was rebalanced");
  });

  it("leaves the instance in the group, since leaving would rebalance the others", async () => {
    const stand = await standIn(dialect);
    const { each, session, other } = await rebalanced(stand);
    const { rebalances } = stand.broker;
    await session.close();
    const next = await each.open(never);
    expect((await next.partitions()).map(({ partition }) => partition)).toEqual([0]);
    expect((await other.partitions()).map(({ partition }) => partition)).toEqual([1]);
    expect(stand.proxy.instances()).toEqual(["a", "b"]);
    expect(stand.broker.rebalances).toBe(rebalances);
  });

  it.each([true, false])(
    "brings again what was not committed, whether positions are kept (%s) or not",
    async (keeps) => {
      const stand = await standIn(dialect, {}, keeps);
      const { each, session } = await rebalanced(stand);
      await session.commit([at(1)]);
      await session.close();
      expect(offsetsOf(await batchOf(await each.open(never)))).toEqual([1, 2]);
    },
  );

  it("commits nothing of partitions that are somebody else's", async () => {
    const stand = await standIn(dialect);
    const { each, session } = await rebalanced(stand);
    await session.close();
    const next = await each.open(never);
    await next.commit([at(2), at(7, 1)]);
    expect([...stand.broker.stored.keys()]).toEqual([`${TOPIC}-0`]);
  });
});

describe.each(["confluent", "karapace", "strimzi", "redpanda"] as const)("joining a group of %s", (dialect) => {
  it("is not over when polls bring nothing, as they do until the group has formed", async () => {
    const { broker, faults, source } = await standIn(dialect);
    faults.poll = ["empty", "empty", "empty"];
    produce(broker, "0");
    expect(offsetsOf(await batchOf(await source().open(never)))).toEqual([0]);
  });

  it("ends when it is asked to, and leaves no instance behind", async () => {
    const { broker, proxy, source } = await standIn(dialect);
    // A member that does not poll holds the others up.
    broker.join("idle", [TOPIC]);
    const stop = new AbortController();
    const each = source();
    const opened = each.open(stop.signal);
    setTimeout(() => stop.abort(), 30);
    await opened.catch(() => undefined);
    await each.close();
    expect(proxy.instances()).toEqual([]);
  });
});

describe("records that a balancer swallows by asking twice", () => {
  it.each(["confluent", "karapace", "redpanda"] as const)(
    "are read again, from the first on, of %s",
    async (dialect) => {
      const { broker, faults, source } = await standIn(dialect, { pollLimit: 2 });
      produce(broker, "0", "1", "2", "3");
      const each = source();
      faults.poll = ["asked twice"];
      const session = await each.open(never);
      await expect(batchOf(session)).rejects.toThrow(
        "No record came for the offsets of device.elt.profile.updated-0 from 0 to 1",
      );
      await session.close();
      expect(offsetsOf(await batchOf(await each.open(never)))).toEqual([0, 1]);
    },
  );

  it("are read again by Strimzi's bridge too, of partitions that have brought something", async () => {
    const { broker, faults, source } = await standIn("strimzi", { pollLimit: 3 });
    broker.append(TOPIC, 1, { key: null, value: null, timestamp: 0 });
    produce(broker, "0", "1");
    const each = source();
    const session = await each.open(never);
    expect(offsetsOf(await batchOf(session))).toEqual([0, 1, 0]);
    await session.commit([at(2), at(1, 1)]);
    produce(broker, "2", "3", "4", "5");
    faults.poll = ["asked twice"];
    await expect(batchOf(session)).rejects.toThrow("from 2 to 4");
    await session.close();
    expect(offsetsOf(await batchOf(await each.open(never)))).toEqual([2, 3, 4]);
  });
});
