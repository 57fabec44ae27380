import { beforeAll, expect, it, vi } from "vitest";
import { ConcordClient } from "#client/client.ts";
import { LiveClient } from "#client/live.ts";
import { startApp } from "../../examples/dashboard/app.ts";
import { WatchDevice } from "../../examples/dashboard/generated.ts";
import { UrqlDeviceRowDocument } from "../../examples/urql/gql/graphql.ts";
import { clientFleet } from "../support/client-fleet.ts";

let fleet: Awaited<ReturnType<typeof clientFleet>>;
beforeAll(async () => {
  fleet = await clientFleet("dashboard");
});

it("The dashboard shows its list, a device, and what happens to it while it is open", async () => {
  const shown: Record<string, readonly string[]> = {};
  const { origin, token } = fleet.connection().options;
  const show = (part: string, lines: readonly string[]) => void Object.assign(shown, { [part]: [...lines] });
  const app = startApp({ origin, token, show });
  const [key = ""] = fleet.keys;
  await app.openList();
  expect(shown.devices).toEqual(fleet.keys.map((each) => `${each} ONLINE no customer`));
  await app.openDevice(key);
  expect(shown.device).toEqual([`${key} ONLINE`]);
  await vi.waitFor(() => expect(shown.live).toEqual([expect.stringContaining("SNAPSHOT")]), { timeout: 15_000 });
  await fleet.report(1, 2);
  await vi.waitFor(() => expect(shown.live).toHaveLength(2), { timeout: 15_000 });
  expect(shown.live?.[1]).toMatch(/^\d+ EVENT /);
  app.close();
});

it("A query after a live item is asked to see at least that item", async () => {
  const { options, seen } = fleet.connection();
  const [, key = ""] = fleet.keys;
  const url = new URL("/live", options.origin).href.replace(/^http/, "ws");
  const items: unknown[] = [];
  const onItem = (item: unknown) => void items.push(item);
  const stop = new LiveClient({ url, token: options.token, seen }).watch(WatchDevice, { key }, { onItem });
  await fleet.report(2, 2);
  await vi.waitFor(() => expect(items.length).toBeGreaterThan(0), { timeout: 15_000 });
  stop();
  expect(seen.latest()).toMatch(/^[0-9a-f]{8}-/);
});

it("ConcordClient sends the ids of documents that graphql-codegen has made, with the types that it has given them", async () => {
  const { options, sent } = fleet.connection();
  const { origin, ...others } = options;
  const concord = new ConcordClient({ url: new URL("/graphql", origin).href, ...others });
  const [key = ""] = fleet.keys;
  const { data } = await concord.ask(UrqlDeviceRowDocument, { key });
  expect(data.device?.key).toBe(key);
  expect(sent.map(({ body }) => body)).toEqual([
    { documentId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), variables: { key } },
  ]);
});
