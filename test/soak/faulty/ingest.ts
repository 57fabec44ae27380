import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import type { DeviceSink } from "#objects/requests.ts";
import type { Env } from "../../../workers/ingest/env.ts";
import real from "../../../workers/ingest/index.ts";
import { Faults, faultyD1, faultyQueue } from "./faults.ts";

export { CommandsService } from "../../../workers/ingest/index.ts";

const faults = new Faults();

/** The ingest Worker as it is deployed, in an environment that fails now and then. */
export default {
  async fetch(request, env, ctx) {
    const controlled = await faults.control(request);
    return controlled ?? faults.answer(request, () => real.fetch(request, faulty(env), ctx));
  },
  queue: (batch, env, ctx) => faults.delivery(batch, (messages) => real.queue(messages, faulty(env), ctx)),
} satisfies ExportedHandler<Env>;

const faulty = (env: Env): Env => ({
  ...env,
  DB: faultyD1(env.DB, faults),
  EVENTS: faultyQueue(env.EVENTS, faults),
  BACKFILL: faultyQueue(env.BACKFILL, faults),
  DEAD_LETTERS: faultyQueue(env.DEAD_LETTERS, faults),
  DEVICES: faultyDevices(env.DEVICES),
});

function faultyDevices(devices: Env["DEVICES"]): Env["DEVICES"] {
  const getByName = (key: DeviceKey) => ({
    merge: (events: ConcordEvent[], consistencyToken: string | null) =>
      faults.object(() => (devices.getByName(key) as unknown as DeviceSink).merge(events, consistencyToken)),
  });
  return { getByName } as unknown as Env["DEVICES"];
}
