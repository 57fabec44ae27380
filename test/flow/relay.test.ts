import {
  commitMutation,
  createOperationDescriptor,
  type Environment,
  fetchQuery,
  type GraphQLTaggedNode,
  type MutationParameters,
  type OperationType,
  requestSubscription,
} from "relay-runtime";
import { beforeAll, expect, it, vi } from "vitest";
import { keepSeen } from "#client/consistency.ts";
import deviceQuery, {
  type documentsDeviceQuery,
} from "../../examples/relay/__generated__/documentsDeviceQuery.graphql.ts";
import devicesQuery, {
  type documentsDevicesQuery,
} from "../../examples/relay/__generated__/documentsDevicesQuery.graphql.ts";
import rowQuery, { type documentsRowQuery } from "../../examples/relay/__generated__/documentsRowQuery.graphql.ts";
import setDesired, {
  type documentsSetDesiredMutation,
} from "../../examples/relay/__generated__/documentsSetDesiredMutation.graphql.ts";
import watchDevice, {
  type documentsWatchDeviceSubscription,
} from "../../examples/relay/__generated__/documentsWatchDeviceSubscription.graphql.ts";
import { createEnvironment } from "../../examples/relay/environment.ts";
import { clientFleet } from "../support/client-fleet.ts";

let fleet: Awaited<ReturnType<typeof clientFleet>>;
beforeAll(async () => {
  fleet = await clientFleet("relay");
});

const client = (connection = fleet.connection()) => ({ ...connection, relay: createEnvironment(connection.options) });

const ask = <Query extends OperationType>(
  relay: Environment,
  query: GraphQLTaggedNode,
  variables: Query["variables"],
): Promise<Query["response"] | undefined> =>
  fetchQuery<Query>(relay, query, variables, { fetchPolicy: "store-or-network" }).toPromise();

const write = <Mutation extends MutationParameters>(
  relay: Environment,
  mutation: GraphQLTaggedNode,
  variables: Mutation["variables"],
) =>
  new Promise<Mutation["response"]>((resolve, reject) => {
    commitMutation<Mutation>(relay, { mutation, variables, onCompleted: resolve, onError: reject });
  });

it("Relay joins the pages of a list, and answers a device from them without a request", async () => {
  const { relay, sent } = client();
  const listed = createOperationDescriptor(devicesQuery, { first: 2 });
  const kept = relay.retain(listed);
  await ask<documentsDevicesQuery>(relay, devicesQuery, { first: 2 });
  const list = () => relay.lookup(listed.fragment).data as documentsDevicesQuery["response"];
  // The compiler adds the cursors and `pageInfo` to the document, and the handler of connections reads them.
  const after = (list().devices as unknown as { pageInfo: { endCursor: string } }).pageInfo.endCursor;
  await ask<documentsDevicesQuery>(relay, devicesQuery, { first: 2, after });
  expect(list().devices?.edges.map(({ node }) => node.key)).toEqual(fleet.keys);
  expect(sent).toHaveLength(2);
  const row = await ask<documentsRowQuery>(relay, rowQuery, { key: fleet.keys[2] ?? "" });
  expect(row?.device).toMatchObject({ key: fleet.keys[2], status: "ONLINE" });
  expect(sent).toHaveLength(2);
  kept.dispose();
});

it("Relay sends the ids of its manifest, and never a text", async () => {
  const { relay, sent } = client();
  await ask<documentsDeviceQuery>(relay, deviceQuery, { key: fleet.keys[0] ?? "" });
  expect(sent.map(({ body }) => body)).toEqual([
    {
      documentId: expect.stringMatching(/^[0-9a-f]{64}$/),
      operationName: "documentsDeviceQuery",
      variables: { key: fleet.keys[0] },
    },
  ]);
});

it("Relay sees its own write in the next query, and so does another environment of the user", async () => {
  const seen = keepSeen();
  const [one, other] = [client(fleet.connection(seen)), client(fleet.connection(seen))];
  const key = fleet.keys[0] ?? "";
  const desired = { mode: "HEAT", heatSetpointC: 21 } as const;
  const written = await write<documentsSetDesiredMutation>(one.relay, setDesired, { key, desired });
  expect(written.setDesiredState?.outcome).toBe("APPLIED");
  const token = seen.latest();
  const read = await ask<documentsDeviceQuery>(other.relay, deviceQuery, { key });
  expect(read?.device?.twin.desired).toMatchObject(desired);
  expect(other.sent[0]?.token).toBe(token);
  expect(token).not.toBeNull();
});

it("Relay follows a device, and its lists show each change", async () => {
  const { relay, sent } = client();
  const key = fleet.keys[1] ?? "";
  const kept = relay.retain(createOperationDescriptor(rowQuery, { key }));
  await ask<documentsRowQuery>(relay, rowQuery, { key });
  const subscribed = fleet.subscriptions();
  const kinds: string[] = [];
  const { dispose } = requestSubscription<documentsWatchDeviceSubscription>(relay, {
    subscription: watchDevice,
    variables: { key },
    onNext: (response) => void kinds.push(response?.deviceChanged.kind ?? "nothing"),
    onError: (error) => void kinds.push(error.message),
  });
  await vi.waitFor(() => expect(kinds).toEqual(["SNAPSHOT"]), { timeout: 15_000 });
  await fleet.report(2, 2);
  await vi.waitFor(() => expect(kinds).toEqual(["SNAPSHOT", "EVENT"]), { timeout: 15_000 });
  dispose();
  expect((await ask<documentsRowQuery>(relay, rowQuery, { key }))?.device?.status).toBe("OFFLINE");
  expect(subscribed()).toMatchObject([
    { query: "", documentId: expect.stringMatching(/^[0-9a-f]{64}$/), variables: { key } },
  ]);
  expect(sent).toHaveLength(1);
  kept.dispose();
});
