import { DurableObject } from "cloudflare:workers";

type Env = {
  readonly DB: D1Database;
  readonly EVENTS: Queue<Event>;
  readonly DEVICES: DurableObjectNamespace<NaiveDevice>;
};

type Event = { readonly deviceId: string; readonly occurredAt: string; readonly data: { readonly online: boolean } };
type Body = { readonly records: readonly { readonly value: Event }[] };

/** Keeps the last event. */
export class NaiveDevice extends DurableObject<Env> {
  write(event: Event): void {
    this.ctx.storage.kv.put("last", event);
  }
}

/** Usage, as it would be billed. One isolate serves a bench, so counting in module scope is enough. */
const used = {
  events: 0,
  workerRequests: 0,
  messages: 0,
  d1RowsRead: 0,
  d1RowsWritten: 0,
  objectCalls: 0,
  objectWrites: 0,
};

/** Handles every event by itself, from end to end. */
export default {
  async fetch(request, env) {
    if (request.method === "GET") return Response.json(used);
    const { records } = (await request.json()) as Body;
    await env.EVENTS.sendBatch(records.map(({ value }) => ({ body: value })));
    used.workerRequests++;
    used.messages += records.length;
    return new Response(null, { status: 204 });
  },

  async queue(batch, env) {
    used.workerRequests++;
    for (const message of batch.messages) {
      const body = message.body as Event;
      const { meta } = await env.DB.prepare(UPSERT)
        .bind(body.deviceId, body.data.online ? "ONLINE" : "OFFLINE", JSON.stringify(body), body.occurredAt)
        .run();
      await env.DEVICES.getByName(body.deviceId).write(body);
      used.events++;
      used.d1RowsRead += meta.rows_read;
      used.d1RowsWritten += meta.rows_written;
      used.objectCalls++;
      used.objectWrites++;
      message.ack();
    }
  },
} satisfies ExportedHandler<Env>;

const UPSERT = `INSERT INTO devices (id, status, data, updated_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, data = excluded.data, updated_at = excluded.updated_at`;
