import { parse } from "graphql";
import { describeRejection, parseRecord } from "#contracts/parse.ts";
import type { ConcordEvent } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { openContext } from "#graphql/context.ts";
import { executeWithinLimits } from "#graphql/limits/limits.ts";
import { schema } from "#graphql/schema/index.ts";
import type { DeviceSink } from "#objects/requests.ts";
import { NEAREST } from "#repositories/consistency.ts";
import { openServices, type Stores } from "#services/index.ts";
import { report, TOPIC } from "../records.ts";

type Env = { readonly DB: D1Database; readonly DEVICES: DurableObjectNamespace<ProbedDevice> };
type ProbedDevice = DeviceSink & DeviceSnapshotSource & Rpc.DurableObjectBranded;
type Body = { readonly query: string; readonly variables?: Record<string, unknown> };

const nobody = () => {
  throw new Error("a query that is counted reads D1 alone");
};

export default {
  async fetch(request, { DB, DEVICES }) {
    const { pathname, searchParams } = new URL(request.url);
    const number = Number(searchParams.get("number"));
    const device = DEVICES.getByName(DEVICE_KEY);
    switch (pathname) {
      case "/count":
        return count(DB, (await request.json()) as Body);
      case "/object/snapshot":
        await device.snapshot();
        return new Response(null, { status: 204 });
      case "/object/merge":
        await device.merge([eventOf(number)], null);
        return new Response(null, { status: 204 });
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<Env>;

/** Answers a query with its cost according to D1: statements, and rows as they are billed. */
async function count(db: D1Database, { query, variables = {} }: Body): Promise<Response> {
  const stores: Stores = { db, objectOf: nobody, commands: {} as Stores["commands"], metrics: nobody };
  const open = (consistency = NEAREST) => openServices(stores, { role: "service" }, consistency);
  const services = open();
  const { errors } = await executeWithinLimits({
    schema,
    document: parse(query),
    variableValues: variables,
    contextValue: openContext(services, { open, live: nobody, viewer: nobody }),
  });
  if (errors) return Response.json({ errors }, { status: 500 });
  const { statements, rowsRead } = services.session.report;
  return Response.json({ statements, rowsRead });
}

const DEVICE_KEY = "elt:bench-0";

/** Each number is newer than the one before it, and has another content. */
function eventOf(number: number): ConcordEvent {
  const { key, value } = report("bench-0", number);
  const parsed = parseRecord({ topic: TOPIC, key, value: JSON.stringify(value) }, Date.now());
  if (!parsed.ok) throw new Error(describeRejection(parsed.rejection));
  return parsed.event;
}
