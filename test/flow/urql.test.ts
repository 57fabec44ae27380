import { beforeAll, expect, it, vi } from "vitest";
import { pipe, subscribe } from "wonka";
import { keepSeen } from "#client/consistency.ts";
import { createClient } from "../../examples/urql/client.ts";
import {
  UrqlDesiredDocument,
  UrqlDeviceRowDocument,
  UrqlDevicesDocument,
  UrqlSetDesiredDocument,
  UrqlWatchDeviceDocument,
} from "../../examples/urql/gql/graphql.ts";
import { clientFleet } from "../support/client-fleet.ts";

let fleet: Awaited<ReturnType<typeof clientFleet>>;
beforeAll(async () => {
  fleet = await clientFleet("urql");
});

const client = (connection = fleet.connection()) => ({ ...connection, urql: createClient(connection.options) });

it("urql joins the pages of a list, and answers a device from them without a request", async () => {
  const { urql, sent } = client();
  const first = await urql.query(UrqlDevicesDocument, { first: 2 });
  const after = first.data?.devices?.pageInfo.endCursor ?? null;
  const both = await urql.query(UrqlDevicesDocument, { first: 2, after });
  expect(both.data?.devices?.edges.map(({ node }) => node.key)).toEqual(fleet.keys);
  expect(sent).toHaveLength(2);
  const row = await urql.query(UrqlDeviceRowDocument, { key: fleet.keys[2] ?? "" });
  expect(row.data?.device).toMatchObject({ key: fleet.keys[2], status: "ONLINE" });
  expect(sent).toHaveLength(2);
});

it("urql is answered `null` for a device that is none, once", async () => {
  const { urql, sent } = client();
  const ask = () => urql.query(UrqlDeviceRowDocument, { key: "elt:none" }).toPromise();
  expect([(await ask()).data, (await ask()).data, sent.length]).toEqual([
    expect.objectContaining({ device: null }),
    expect.objectContaining({ device: null }),
    1,
  ]);
});

it("urql sends the ids of codegen's manifest, and never a text", async () => {
  const { urql, sent } = client();
  await urql.query(UrqlDesiredDocument, { key: fleet.keys[0] ?? "" });
  expect(sent.map(({ body }) => body)).toEqual([
    {
      operationName: "UrqlDesired",
      variables: { key: fleet.keys[0] },
      extensions: { persistedQuery: { version: 1, sha256Hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) } },
    },
  ]);
});

it("urql sees its own write in the next query, and so does another client of the user", async () => {
  const seen = keepSeen();
  const [one, other] = [client(fleet.connection(seen)), client(fleet.connection(seen))];
  const key = fleet.keys[0] ?? "";
  const written = await one.urql.mutation(UrqlSetDesiredDocument, {
    key,
    desired: { mode: "HEAT", heatSetpointC: 21 },
  });
  expect(written.data?.setDesiredState?.outcome).toBe("APPLIED");
  const token = seen.latest();
  const read = await other.urql.query(UrqlDesiredDocument, { key });
  expect(read.data?.device?.twin.desired).toMatchObject({ mode: "HEAT", heatSetpointC: 21 });
  expect(other.sent[0]?.token).toBe(token);
  expect(token).not.toBeNull();
});

it("urql follows a device, and its lists show each change", async () => {
  const { urql, sent } = client();
  const key = fleet.keys[1] ?? "";
  await urql.query(UrqlDeviceRowDocument, { key });
  const subscribed = fleet.subscriptions();
  const kinds: string[] = [];
  const { unsubscribe } = pipe(
    urql.subscription(UrqlWatchDeviceDocument, { key }),
    subscribe(({ data, error }) => void kinds.push(data?.deviceChanged.kind ?? String(error))),
  );
  await vi.waitFor(() => expect(kinds).toEqual(["SNAPSHOT"]), { timeout: 15_000 });
  await fleet.report(2, 2);
  await vi.waitFor(() => expect(kinds).toEqual(["SNAPSHOT", "EVENT"]), { timeout: 15_000 });
  unsubscribe();
  expect((await urql.query(UrqlDeviceRowDocument, { key })).data?.device?.status).toBe("OFFLINE");
  expect(subscribed()).toMatchObject([
    { query: "", extensions: { persistedQuery: { version: 1 } }, variables: { key } },
  ]);
  expect(sent).toHaveLength(1);
});
