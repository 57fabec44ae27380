import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { eventOf } from "../../support/records.ts";
import { at, emptyTables, seedDevices } from "../seeds.ts";
import { CANARY, online, send } from "./device-requests.ts";
import { bearerAt, env } from "./support.ts";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyTables();
});

/** Reads the items of a stream. */
async function listen(path: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const request = new Request(`http://concord.test/ops/api/devices${path}`, {
    headers: { ...(await bearerAt("viewer")), ...headers },
    signal: leaving.signal,
  });
  const response = await send(request);
  expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  const next = async () => {
    for (;;) {
      const item = /id: (\S+)\ndata: (.*)\n\n/.exec(text);
      if (item) {
        text = text.slice((item.index ?? 0) + item[0].length);
        return { id: item[1], ...JSON.parse(item[2] as string) };
      }
      const { value, done } = await reader.read();
      if (done) throw new Error(`the stream ended: ${text}`);
      text += decoder.decode(value, { stream: true });
    }
  };
  return { next, leave: () => reader.cancel() };
}

const merge = (key: string, ...events: ConcordEvent[]): Promise<unknown> =>
  (env.DEVICES.getByName(key) as unknown as { merge(events: ConcordEvent[]): Promise<unknown> }).merge(events);

const renamed = (deviceId: string, eventId: string, minute: number) =>
  eventOf({
    topic: "device.elt.profile.updated",
    deviceId,
    eventId,
    occurredAt: at(minute),
    data: { name: CANARY, model: `M-${eventId}` },
  });

describe("a device's stream", () => {
  it("begins with a snapshot, and sends each change with its cursor, masked", async () => {
    await seedDevices({ key: "elt:live-1", aspects: online({ online: true }) });
    const stream = await listen("/elt:live-1/live");
    const snapshot = await stream.next();
    expect(snapshot).toMatchObject({ kind: "snapshot", event: null, device: { key: "elt:live-1", status: "ONLINE" } });
    await merge("elt:live-1", renamed("live-1", "e-1", 3));
    const change = await stream.next();
    expect(change).toEqual({
      id: String(snapshot.revision + 1),
      kind: "event",
      revision: snapshot.revision + 1,
      event: {
        eventId: "e-1",
        topic: "device.elt.profile.updated",
        occurredAt: at(3),
        data: { name: "•••", model: "M-e-1" },
      },
      device: expect.objectContaining({ name: "•••", model: "M-e-1" }),
    });
    expect(JSON.stringify(change)).not.toContain(CANARY);
    await stream.leave();
  });

  it("resumes after the last seen change, by the header or by the query", async () => {
    await seedDevices({ key: "elt:live-2", aspects: online({ online: true }) });
    const stream = await listen("/elt:live-2/live");
    const { id } = await stream.next();
    await stream.leave();
    await merge("elt:live-2", renamed("live-2", "e-1", 3), renamed("live-2", "e-2", 4));
    for (const again of [
      await listen("/elt:live-2/live", { "Last-Event-ID": id }),
      await listen(`/elt:live-2/live?after=${id}`),
    ]) {
      expect([await again.next(), await again.next()].map(({ event }) => event.eventId)).toEqual(["e-1", "e-2"]);
      await again.leave();
    }
  });
});
