import { beforeAll, expect, it, vi } from "vitest";
import { keepSeen } from "#client/consistency.ts";
import { createClient } from "../../examples/apollo/client.ts";
import { DESIRED, DEVICE_ROW, DEVICES, SET_DESIRED, WATCH_DEVICE } from "../../examples/apollo/documents.ts";
import { clientFleet } from "../support/client-fleet.ts";

let fleet: Awaited<ReturnType<typeof clientFleet>>;
beforeAll(async () => {
  fleet = await clientFleet("apollo");
});

const client = (connection = fleet.connection()) => ({ ...connection, apollo: createClient(connection.options) });

it("Apollo Client joins the pages of a list, and answers a device from them without a request", async () => {
  const { apollo, sent } = client();
  const list = apollo.watchQuery({ query: DEVICES, variables: { first: 2 } });
  const off = list.subscribe(() => {});
  await vi.waitFor(() => expect(list.getCurrentResult().data?.devices).toBeDefined());
  const after = list.getCurrentResult().data?.devices?.pageInfo?.endCursor ?? null;
  await list.fetchMore({ variables: { first: 2, after } });
  const keys = () => list.getCurrentResult().data?.devices?.edges?.map((edge) => edge?.node?.key);
  await vi.waitFor(() => expect(keys()).toEqual(fleet.keys));
  expect(sent).toHaveLength(2);
  const row = await apollo.query({ query: DEVICE_ROW, variables: { key: fleet.keys[2] ?? "" } });
  expect(row.data?.device).toMatchObject({ key: fleet.keys[2], status: "ONLINE" });
  expect(sent).toHaveLength(2);
  off.unsubscribe();
});

it("Apollo Client sends the ids of its manifest, and never a text", async () => {
  const { apollo, sent } = client();
  await apollo.query({ query: DESIRED, variables: { key: fleet.keys[0] ?? "" } });
  expect(sent.map(({ body }) => body)).toEqual([
    {
      operationName: "ApolloDesired",
      variables: { key: fleet.keys[0] },
      extensions: expect.objectContaining({
        persistedQuery: { version: 1, sha256Hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      }),
    },
  ]);
});

it("Apollo Client sees its own write in the next query, and so does another tab", async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  const [one, other] = [1, 2].map(() => client(fleet.connection(keepSeen({ storage }))));
  const key = fleet.keys[0] ?? "";
  const written = await one?.apollo.mutate({
    mutation: SET_DESIRED,
    variables: { key, desired: { mode: "HEAT", heatSetpointC: 21 } },
  });
  expect(written?.data?.setDesiredState?.outcome).toBe("APPLIED");
  const token = one?.seen.latest();
  const read = await other?.apollo.query({ query: DESIRED, variables: { key } });
  expect(read?.data?.device?.twin.desired).toMatchObject({ mode: "HEAT", heatSetpointC: 21 });
  expect(other?.sent[0]?.token).toBe(token);
});

it("Apollo Client follows a device, and its lists show each change", async () => {
  const { apollo, sent } = client();
  const key = fleet.keys[1] ?? "";
  await apollo.query({ query: DEVICE_ROW, variables: { key } });
  const subscribed = fleet.subscriptions();
  const kinds: string[] = [];
  const off = apollo
    .subscribe({ query: WATCH_DEVICE, variables: { key } })
    .subscribe(({ data }) => void kinds.push(data?.deviceChanged?.kind ?? "nothing"));
  await vi.waitFor(() => expect(kinds).toEqual(["SNAPSHOT"]), { timeout: 15_000 });
  await fleet.report(2, 2);
  await vi.waitFor(() => expect(kinds).toEqual(["SNAPSHOT", "EVENT"]), { timeout: 15_000 });
  off.unsubscribe();
  const { data } = await apollo.query({ query: DEVICE_ROW, variables: { key } });
  expect(data?.device?.status).toBe("OFFLINE");
  expect(subscribed()).toMatchObject([
    { query: "", extensions: { persistedQuery: { version: 1 } }, variables: { key } },
  ]);
  expect(sent).toHaveLength(1);
});
