import { ApolloServer } from "@apollo/server";
import fastifyApollo, { fastifyApolloDrainPlugin } from "@as-integrations/fastify";
import { createClient } from "@libsql/client";
import DataLoader from "dataloader";
import { asc, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import fastify from "fastify";
import { jwtVerify } from "jose";
import { apply, isTopic } from "./events.ts";
import { alerts, CREATE, customers, dealers, devices } from "./tables.ts";

/**
 * The stack of the same job in Node: Fastify, Drizzle on SQLite in the same process, Apollo Server. What is posted is
 * written before it is answered; there is no Kafka in between, which is the friendliest case there is for it.
 * Reads `DATABASE` (a file), `TOKEN_SECRET` and `PORT`; prints its address once it listens.
 */
const client = createClient({ url: `file:${process.env.DATABASE}` });
await client.execute("PRAGMA journal_mode = WAL");
await client.executeMultiple(CREATE);
const db = drizzle(client);
const secret = new TextEncoder().encode(process.env.TOKEN_SECRET);

type Device = typeof devices.$inferSelect;

const loadersOf = () => ({
  device: new DataLoader(async (keys: readonly string[]) => {
    const rows = await db
      .select()
      .from(devices)
      .where(inArray(devices.key, [...keys]));
    return keys.map((key) => rows.find((row) => row.key === key) ?? null);
  }),
  dealer: new DataLoader(async (ids: readonly string[]) => {
    const rows = await db
      .select()
      .from(dealers)
      .where(inArray(dealers.id, [...ids]));
    return ids.map((id) => rows.find((row) => row.id === id) ?? null);
  }),
  customer: new DataLoader(async (ids: readonly string[]) => {
    const rows = await db
      .select()
      .from(customers)
      .where(inArray(customers.id, [...ids]));
    return ids.map((id) => rows.find((row) => row.id === id) ?? null);
  }),
  alerts: new DataLoader(async (keys: readonly string[]) => {
    const rows = await db
      .select()
      .from(alerts)
      .where(inArray(alerts.deviceKey, [...keys]));
    return keys.map((key) => rows.filter((row) => row.deviceKey === key));
  }),
});

type Context = { readonly loaders: ReturnType<typeof loadersOf> };

const typeDefs = `
  type Query { device(key: String!): Device  devices(first: Int = 50): Devices! }
  type Devices { edges: [DeviceEdge!]! }
  type DeviceEdge { node: Device! }
  type Device { key: String! status: String report: Report dealer: Party customer: Party alerts(first: Int = 20): Alerts! }
  type Report { mode: String indoorTemperatureC: Float reportedAt: String }
  type Party { name: String! }
  type Alerts { edges: [AlertEdge!]! }
  type AlertEdge { node: Alert! }
  type Alert { severity: String! text: String! }
`;

const edges = (nodes: readonly unknown[]) => ({ edges: nodes.map((node) => ({ node })) });

const resolvers = {
  Query: {
    device: (_: unknown, { key }: { key: string }, { loaders }: Context) => loaders.device.load(key),
    devices: async (_: unknown, { first }: { first: number }) =>
      edges(await db.select().from(devices).orderBy(asc(devices.key)).limit(first)),
  },
  Device: {
    report: (device: Device) => device.reportedAt && device,
    dealer: ({ dealerId }: Device, _: unknown, { loaders }: Context) => dealerId && loaders.dealer.load(dealerId),
    customer: ({ customerId }: Device, _: unknown, { loaders }: Context) =>
      customerId && loaders.customer.load(customerId),
    alerts: async ({ key }: Device, { first }: { first: number }, { loaders }: Context) =>
      edges((await loaders.alerts.load(key)).slice(0, first)),
  },
};

const app = fastify({ bodyLimit: 4 * 1024 * 1024 });
app.addContentTypeParser(
  /^application\/vnd\.kafka\./,
  { parseAs: "string" },
  app.getDefaultJsonParser("error", "error"),
);

app.post("/topics/:topic", async (request, reply) => {
  const { topic } = request.params as { topic: string };
  if (request.headers.authorization !== `Basic ${btoa("dev:dev")}`) return reply.code(401).send({ error_code: 40101 });
  if (!isTopic(topic)) return reply.code(404).send({ error_code: 40401 });
  const { records } = request.body as { records: { value: unknown }[] };
  const values = records.map(({ value }) => value);
  const refused = await apply(db, topic, values);
  return { accepted: values.length - refused, refused };
});

const apollo = new ApolloServer<Context>({ typeDefs, resolvers, plugins: [fastifyApolloDrainPlugin(app)] });
await apollo.start();
await app.register(fastifyApollo(apollo), {
  context: async ({ headers }) => {
    await jwtVerify((headers.authorization ?? "").replace("Bearer ", ""), secret);
    return { loaders: loadersOf() };
  },
});

console.log(await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0) }));
