import { DurableObject } from "cloudflare:workers";

type Env = {
  readonly DB: D1Database;
  readonly DROPPED: Queue;
  readonly CONSUMED: Queue;
  readonly OBJECTS: DurableObjectNamespace<FloorObject>;
  readonly RATE_LIMIT: RateLimit;
};

type Record = { readonly key: string; readonly value: unknown };
type Body = { readonly records: readonly Record[]; readonly withObjects?: boolean };

/** An object that does nothing, or writes one value. */
export class FloorObject extends DurableObject<Env> {
  ping(): void {}

  write(value: unknown): void {
    this.ctx.storage.kv.put("value", value);
  }
}

const DONE = () => new Response(null, { status: 204 });

/** Each path does one thing that every application on the platform has to do, and as little else as possible. */
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
      case "/limited": {
        const { success } = await env.RATE_LIMIT.limit({ key: "floor" });
        await env.DROPPED.sendBatch([{ body: await request.json() }]);
        return success ? DONE() : new Response(null, { status: 429 });
      }
      case "/stream":
        return stream(await request.text(), env.DROPPED);
      case "/queue": {
        const body = (await request.json()) as Body;
        await env.CONSUMED.sendBatch([{ body: { ...body, withObjects: searchParams.has("objects") } }]);
        return DONE();
      }
      case "/upsert":
        await upsert(env.DB, ((await request.json()) as Body).records);
        return DONE();
      case "/select":
        return Response.json(await env.DB.prepare("SELECT id, value FROM rows WHERE id = ?1").bind(id).first());
      case "/object/ping":
        await env.OBJECTS.getByName(id).ping();
        return DONE();
      case "/object/write":
        await env.OBJECTS.getByName(id).write(searchParams.get("value"));
        return DONE();
      default:
        return new Response(null, { status: 404 });
    }
  },

  async queue(batch, env) {
    for (const { body } of batch.messages) {
      const { records, withObjects } = body as Body;
      if (withObjects) await Promise.all(records.map(({ key, value }) => env.OBJECTS.getByName(key).write(value)));
      await upsert(env.DB, records);
    }
    batch.ackAll();
  },
} satisfies ExportedHandler<Env>;

/** Each line of the body is a record; all of them are sent in one message, and each has a line in the answer. */
async function stream(text: string, queue: Queue): Promise<Response> {
  const records = text.split("\n").map((line) => JSON.parse(line) as unknown);
  await queue.sendBatch([{ body: { records } }]);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const lines = records.map((_, offset) => JSON.stringify({ error_code: 200, offset }));
  void writer.write(new TextEncoder().encode(lines.join("\n"))).then(() => writer.close());
  return new Response(readable);
}

/** One statement with one parameter, however many rows. */
const upsert = (db: D1Database, records: readonly Record[]): Promise<unknown> =>
  db
    .prepare(
      `INSERT INTO rows (id, value) SELECT j.value->>'key', j.value->'value' FROM json_each(?1) j WHERE true
        ON CONFLICT (id) DO UPDATE SET value = excluded.value`,
    )
    .bind(JSON.stringify(records))
    .run();
