import { DurableObject } from "cloudflare:workers";

type Env = {
  readonly DB: D1Database;
  readonly DROPPED: Queue;
  readonly CONSUMED: Queue;
  readonly OBJECTS: DurableObjectNamespace<FloorObject>;
};

type Record = { readonly key: string; readonly value: unknown };
type Body = { readonly records: readonly Record[] };

/** An object that does nothing, or writes one value. */
export class FloorObject extends DurableObject<Env> {
  ping(): void {}

  write(value: unknown): void {
    this.ctx.storage.kv.put("value", value);
  }
}

const DONE = () => new Response(null, { status: 204 });

/** Each path does one thing that everybody who builds on the platform has to do, and as little else as can be. */
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const id = searchParams.get("id") ?? "";
    switch (pathname) {
      case "/parse":
        await request.json();
        return DONE();
      case "/send":
        await env.DROPPED.sendBatch([{ body: await request.json() }]);
        return DONE();
      case "/queue":
        await env.CONSUMED.sendBatch([{ body: await request.json() }]);
        return DONE();
      case "/upsert":
        await upsert(env.DB, ((await request.json()) as Body).records);
        return DONE();
      case "/select":
        return Response.json(await env.DB.prepare("SELECT id, value FROM rows WHERE id = ?1").bind(id).first());
      case "/object/ping":
        await env.OBJECTS.getByName(id).ping();
        return DONE();
      case "/object/write":
        await env.OBJECTS.getByName(id).write(await request.json());
        return DONE();
      default:
        return new Response(null, { status: 404 });
    }
  },

  async queue(batch, env) {
    for (const { body } of batch.messages) await upsert(env.DB, (body as Body).records);
    batch.ackAll();
  },
} satisfies ExportedHandler<Env>;

/** One statement with one parameter, however many rows. */
const upsert = (db: D1Database, records: readonly Record[]): Promise<unknown> =>
  db
    .prepare(
      `INSERT INTO rows (id, value) SELECT j.value->>'key', j.value->'value' FROM json_each(?1) j WHERE true
        ON CONFLICT (id) DO UPDATE SET value = excluded.value`,
    )
    .bind(JSON.stringify(records))
    .run();
