import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { connected, FEEDS, freshAddress } from "./hub-support.ts";
import { assign, consumeRecords, env, eventRecord, freshDealer, freshDevice, hubOf } from "./support.ts";

const NAMES = `subscription ($keys: [String!]!) {
  devicesChanged(keys: $keys) { kind deviceKey device { name customer { name } } event { topic data } }
}`;

const named = (key: DeviceKey, second: number) => [
  eventRecord(key, "customer.assigned", second, {
    customer: { customerId: `C-${key}`, name: `Secret Smith ${second}` },
  }),
  eventRecord(key, "profile.updated", second + 1, { name: `Secret bedroom ${second}` }),
];

/** Keys, values and rows of an object, and what is stored with its sockets. */
const contentsOf = (stub: unknown): Promise<string> =>
  runInDurableObject(stub as never, (_, state) => {
    const { kv, sql } = state.storage;
    const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
    const rows = tables.flatMap(({ name }) =>
      name.startsWith("_cf") ? [] : sql.exec(`SELECT * FROM "${name}"`).toArray(),
    );
    const attachments = state.getWebSockets().map((socket) => socket.deserializeAttachment() as unknown);
    return JSON.stringify([[...kv.list<unknown>()], rows, attachments]);
  });

it("a hub and a dealer's feed deliver what is personal, and store none of it, so that nothing has to be forgotten there", async () => {
  const [key, dealerId, address] = [freshDevice(), freshDealer(), freshAddress()];
  await consumeRecords([assign(key, 1, dealerId), ...named(key, 2)]);
  const { socket } = await connected(undefined, { address });
  socket.subscribe(NAMES, { keys: [key] }, "names");
  socket.subscribe(FEEDS, { dealerIds: [dealerId] }, "feeds");
  await Promise.all([socket.items(1, "names"), socket.items(1, "feeds")]);
  await consumeRecords(named(key, 10));
  const delivered = JSON.stringify(await socket.items(2, "names"));
  for (const secret of ["Secret Smith", "Secret bedroom"]) expect(delivered).toContain(secret);
  expect(JSON.stringify(await socket.items(3, "feeds"))).toContain(key);

  const [hub, feed, device] = await Promise.all(
    [hubOf(address), env.DEALER_FEEDS.getByName(dealerId), env.DEVICES.getByName(key)].map(contentsOf),
  );
  expect(device).toContain("Secret bedroom");
  // Both have something of this device: what it is called is not in it.
  for (const stored of [hub, feed]) {
    expect(stored).toContain(key);
    expect(stored).not.toContain("Secret");
  }
});
