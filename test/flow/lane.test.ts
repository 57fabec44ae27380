import { expect, it } from "vitest";
import { LANE_HEADER } from "#queue/lane.ts";
import { connect } from "../../local/clients.ts";
import { eventValue } from "../support/records.ts";
import { basic, JSON_V2 } from "../support/rest-proxy.ts";
import { sharedStack } from "../support/shared-stack.ts";

const TOPIC = "device.elt.status.reported";

/** Devices of the backfill, never seen before: the first write of an object takes the local runtime long. */
const DEVICES = 600;

it("live records are visible while records of a backfill that came before them still wait, and the flow page shows theirs alone", async () => {
  const { url } = await sharedStack();
  const clients = await connect(url);
  const post = async (values: readonly object[], headers: Record<string, string> = {}) => {
    const response = await fetch(new URL(`/topics/${TOPIC}`, url), {
      method: "POST",
      headers: { "Content-Type": JSON_V2, Authorization: basic("dev:dev"), ...headers },
      body: JSON.stringify({ records: values.map((value) => ({ value })) }),
    });
    expect(response.status).toBe(200);
  };
  const event = (deviceId: string, n: number) =>
    eventValue({
      topic: TOPIC,
      deviceId,
      eventId: `${deviceId}-${n}`,
      occurredAt: new Date(Date.UTC(2026, 10, 1) + n * 1_000).toISOString(),
      data: { online: true, indoorTemperatureC: n },
    });
  /** Posts a live record, and waits until a reader sees it. */
  const follow = async (n: number): Promise<void> => {
    await post([event("lane-live", n)]);
    for (;;) {
      const { device } = await clients.query<{ device: { report: { indoorTemperatureC: number } | null } | null }>(
        '{ device(key: "elt:lane-live") { report { indoorTemperatureC } } }',
      );
      if (device?.report?.indoorTemperatureC === n) return;
    }
  };
  /** Records of the topic that the flow page has counted. */
  const received = async (): Promise<number> => {
    const { topics } = (await (
      await fetch(new URL("/ops/api/topics", url), { headers: { Authorization: clients.authorization } })
    ).json()) as { topics: { name: string; received: number }[] };
    return topics.find(({ name }) => name === TOPIC)?.received ?? 0;
  };

  const receivedFirst = await received();
  await follow(0);
  await expect.poll(async () => (await clients.outcomes()).inFlight, { timeout: 60_000 }).toBe(0);
  const before = await clients.outcomes();
  await expect.poll(received, { timeout: 10_000 }).toBe(receivedFirst + 1);
  const backfill = Array.from({ length: DEVICES }, (_, i) => event(`lane-${i}`, 0));
  await post(backfill, { [LANE_HEADER]: "backfill" });
  await follow(1);
  const waiting = (await clients.outcomes()).inFlight;
  // In one queue, whatever had come before would be settled by then.
  expect(waiting).toBeGreaterThan(0);

  await expect.poll(async () => (await clients.outcomes()).inFlight, { timeout: 240_000, interval: 500 }).toBe(0);
  const after = await clients.outcomes();
  expect(after.accepted - before.accepted).toBe(DEVICES + 1);
  // The flow page counts live records only.
  await expect.poll(received, { timeout: 10_000 }).toBe(receivedFirst + 2);
}, 300_000);
