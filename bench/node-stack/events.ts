import { sql } from "drizzle-orm";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import * as z from "zod";
import { alerts, customers, dealers, devices } from "./tables.ts";

const envelope = <Data extends z.ZodType>(data: Data) =>
  z.object({
    eventId: z.string().min(1).max(128),
    occurredAt: z.iso.datetime({ offset: true }),
    deviceId: z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/),
    data,
  });

const named = z.string().min(1).max(200);

const TOPICS = {
  "device.elt.status.reported": envelope(
    z.object({
      online: z.boolean(),
      mode: z.enum(["heat", "cool", "auto", "auxHeat", "off"]).optional(),
      indoorTemperatureC: z.number().min(-100).max(200).optional(),
      coolSetpointC: z.number().min(-100).max(200).optional(),
      humidityPct: z.number().min(0).max(100).optional(),
      equipment: z.array(z.string().min(1).max(64)).max(32).optional(),
    }),
  ),
  "device.elt.dealer.assigned": envelope(z.object({ dealer: z.object({ dealerId: named, name: named }) })),
  "device.elt.customer.assigned": envelope(z.object({ customer: z.object({ customerId: named, name: named }) })),
  "device.elt.alert.raised": envelope(
    z.object({ alertId: named, code: named, severity: z.enum(["info", "warning", "critical"]), text: named }),
  ),
} as const;
type Topic = keyof typeof TOPICS;

export const isTopic = (name: string): name is Topic => Object.hasOwn(TOPICS, name);

type Transaction = Parameters<Parameters<LibSQLDatabase["transaction"]>[0]>[0];

/** Validates and writes the events of one request, in one transaction. @returns how many records were refused */
export async function apply(db: LibSQLDatabase, topic: Topic, values: readonly unknown[]): Promise<number> {
  const parsed = values.map((value) => TOPICS[topic].safeParse(value));
  const good = parsed.flatMap(({ data }) => (data ? [data] : []));
  await db.transaction(async (tx) => {
    for (const event of good) await write(tx, event);
  });
  return values.length - good.length;
}

type Event = z.output<(typeof TOPICS)[Topic]>;

/** An event that is older than the stored one changes nothing. */
async function write(tx: Transaction, { deviceId, occurredAt, data }: Event): Promise<void> {
  const key = `elt:${deviceId}`;
  const at = new Date(occurredAt).toISOString();
  if ("online" in data) {
    const { online, mode = null, indoorTemperatureC = null } = data;
    const set = { status: online ? "ONLINE" : "OFFLINE", online, mode, indoorTemperatureC, reportedAt: at };
    const isNewer = sql`coalesce(${devices.reportedAt}, '') < ${at}`;
    await tx
      .insert(devices)
      .values({ key, ...set })
      .onConflictDoUpdate({ target: devices.key, set, setWhere: isNewer });
  } else if ("dealer" in data) {
    const { dealerId, name } = data.dealer;
    await tx.insert(dealers).values({ id: dealerId, name }).onConflictDoUpdate({ target: dealers.id, set: { name } });
    const set = { dealerId, dealerSince: at };
    const isNewer = sql`coalesce(${devices.dealerSince}, '') < ${at}`;
    await tx
      .insert(devices)
      .values({ key, ...set })
      .onConflictDoUpdate({ target: devices.key, set, setWhere: isNewer });
  } else if ("customer" in data) {
    const { customerId, name } = data.customer;
    await tx
      .insert(customers)
      .values({ id: customerId, name })
      .onConflictDoUpdate({ target: customers.id, set: { name } });
    const set = { customerId, customerSince: at };
    const isNewer = sql`coalesce(${devices.customerSince}, '') < ${at}`;
    await tx
      .insert(devices)
      .values({ key, ...set })
      .onConflictDoUpdate({ target: devices.key, set, setWhere: isNewer });
  } else {
    const { alertId, severity, text } = data;
    const alert = { id: `${key}/${alertId}`, deviceKey: key, severity, text, raisedAt: at };
    await tx.insert(alerts).values(alert).onConflictDoNothing();
  }
}
