import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { FleetRepository } from "#repositories/fleet.ts";
import { consume } from "../../../workers/ingest/consume.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventValue, NOW_MS } from "../../support/records.ts";
import { Boundary } from "./harness.ts";

const { DB } = env as unknown as { DB: D1Database };
const TOPIC = "device.elt.status.reported";

/** From HTTP through the queue into D1, a hundred requests of a hundred records. */
it("a poison record at any position in a request leaves the other 99 applied", async () => {
  for (let place = 0; place < 100; place++) {
    const boundary = new Boundary();
    const records = Array.from({ length: 100 }, (_, i) => ({
      value:
        i === place
          ? { poison: true }
          : eventValue({
              topic: TOPIC,
              deviceId: `place-${i % 10}`,
              eventId: `${place}-${i}`,
              occurredAt: new Date(Date.UTC(2026, 0, 1) + (place * 100 + i) * 1000).toISOString(),
              data: { online: true, indoorTemperatureC: (place * 100 + i) / 100 },
            }),
    }));
    const response = await boundary.post({ path: `/topics/${TOPIC}`, body: JSON.stringify({ records }) });
    const { offsets } = (await response.json()) as { offsets: { error_code: number | null }[] };
    expect(offsets.map(({ error_code }) => error_code)).toEqual(records.map((_, i) => (i === place ? 42206 : null)));
    const { report } = await consume(
      {
        fleet: new FleetRepository(DB),
        objectWrites: "always",
        announce: async () => undefined,
        deliver: async () => undefined,
        mergeIntoObject: async (_, events) => ({ outcomes: events.map(() => "superseded"), rowsWritten: 0 }),
        events: new FakeQueue(),
        backfill: new FakeQueue(),
        deadLetters: new FakeQueue(),
        now: () => NOW_MS,
        random: () => 0.5,
        workerVersion: "test",
      },
      boundary.events.bodies.map((body) => ({ body, attempts: 1 })),
    );
    expect(report.outcomes).toEqual({ [`${TOPIC} applied`]: 99 });
    expect(boundary.letters.map(({ record }) => record.value)).toEqual(['{"poison":true}']);
  }
}, 60_000);
