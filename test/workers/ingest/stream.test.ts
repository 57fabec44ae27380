import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { StreamRow } from "#archive/stream/stream-row.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { setDesired } from "../../../workers/ingest/commands.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import { commandDeps, consumeDeps, type Env } from "../../../workers/ingest/env.ts";
import type { Stream } from "../../../workers/ingest/stream.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { NOW_MS, recordOf } from "../../support/records.ts";

const bindings = env as unknown as Env;

let waiting: Promise<unknown>[];
let events: FakeQueue<Parcel>;
let rows: StreamRow[];
let devices = 0;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  waiting = [];
  rows = [];
  events = new FakeQueue();
});

const kept: Stream = { send: async (sent) => void rows.push(...sent) };
const ctx = { waitUntil: (promise: Promise<unknown>) => void waiting.push(promise) };

const depsWith = (PIPELINE: Stream | undefined): ConsumeDeps => ({
  ...consumeDeps({ ...bindings, PIPELINE } as Env, ctx),
  ...{ objectWrites: "live", deliver: async () => undefined, announce: async () => undefined, now: () => NOW_MS },
  ...{ events, deadLetters: new FakeQueue<DeadLetterMessage>() },
});

const report = (minute = 0): QueuedRecord =>
  recordOf({
    topic: "device.elt.status.reported",
    deviceId: `streamed-${++devices}`,
    occurredAt: new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString(),
    data: { online: true, indoorTemperatureC: 20 + minute },
  });

const deliver = (deps: ConsumeDeps, parcels: readonly Parcel[]) =>
  consume(
    deps,
    parcels.map((body) => ({ body, attempts: 1 })),
  );

describe("where a stream is bound", () => {
  it("it gets what is merged, with the receipt that the archive has, behind the batch", async () => {
    const parcels = packParcels([report(1), { ...report(2), value: "{" }]);
    const { dispositions } = await deliver(depsWith(kept), parcels);
    expect(dispositions).toEqual([{ kind: "ack" }]);
    await Promise.all(waiting);
    expect(rows).toMatchObject([
      { receipt: `${parcels[0]?.id}.0`, outcome: "applied", status_reported: { online: true, indoorTemperatureC: 21 } },
    ]);
  });

  it.each([
    ["never answers", () => new Promise<void>(() => {})],
    ["fails", () => Promise.reject(new Error("stream unavailable"))],
  ])("and it %s, the batch ends as if there were none", async (_, send) => {
    const { dispositions, report: counts } = await deliver(depsWith({ send }), packParcels([report(1), report(2)]));
    expect(dispositions).toEqual([{ kind: "ack" }]);
    expect(counts.outcomes).toEqual({ "device.elt.status.reported applied": 2 });
    expect(events.messages).toEqual([]);
    expect(waiting).toHaveLength(1);
  });

  it("a message that is delivered again is in it only then", async () => {
    const failing = depsWith(kept);
    const broken = report(1);
    const [parcel] = packParcels([report(2), broken]);
    events.callsLeft = 0;
    // The second record has to go back to the queue, which does not take it, so that the message stays there.
    const fleet: ConsumeDeps["fleet"] = {
      merge: async (list) => {
        const merged = await failing.fleet.merge(list);
        return { ...merged, outcomes: merged.outcomes.map((outcome, i) => (i === 1 ? null : outcome)) };
      },
    };
    const first = await deliver({ ...failing, fleet }, [parcel as Parcel]);
    expect(first.dispositions).toMatchObject([{ kind: "retry" }]);
    await Promise.all(waiting);
    expect(rows).toEqual([]);
    events.callsLeft = Number.POSITIVE_INFINITY;
    await deliver(failing, [parcel as Parcel]);
    await Promise.all(waiting);
    expect(rows.map(({ receipt }) => receipt)).toEqual([`${parcel?.id}.0`, `${parcel?.id}.1`]);
  });

  it("a command is in it too", async () => {
    const deviceKey = `elt:streamed-${++devices}` as const;
    const deps = { ...commandDeps({ ...bindings, PIPELINE: kept } as Env, ctx), report: () => {} };
    const command = { deviceKey, desired: { mode: "heat" as const }, expectedVersion: null };
    expect(await setDesired(deps, command)).toMatchObject({ kind: "set" });
    await Promise.all(waiting);
    expect(rows).toMatchObject([{ device_key: deviceKey, twin_desired: { mode: "heat" } }]);
  });
});

it("where none is bound, nothing is sent and nothing else differs", async () => {
  const deps = depsWith(undefined);
  expect(deps.stream).toBeUndefined();
  const { dispositions } = await deliver(deps, packParcels([report(1)]));
  expect(dispositions).toEqual([{ kind: "ack" }]);
  expect(waiting).toEqual([]);
});
