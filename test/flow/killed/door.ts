import type { D1Database, Queue } from "@cloudflare/workers-types";
import type { Parcel } from "#queue/parcel.ts";

type Env = {
  readonly OPS: { fetch(request: Request): Promise<Response> };
  readonly EVENTS: Queue<Parcel>;
  readonly DB: D1Database;
  readonly REBUILT: D1Database;
};

/**
 * The only Worker of the killed platform that has an address. It hands everything to the operations API, but for migrations
 * and for records that were received on earlier days.
 */
export default {
  async fetch(request: Request, { OPS, EVENTS, DB, REBUILT }: Env): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case "/migrations": {
        const statements = (await request.json()) as string[];
        for (const db of [DB, REBUILT]) await db.batch(statements.map((sql) => db.prepare(sql)));
        return Response.json({});
      }
      case "/parcels":
        for (const parcel of (await request.json()) as Parcel[]) await EVENTS.send(parcel);
        return Response.json({});
      default:
        return OPS.fetch(request);
    }
  },
};
