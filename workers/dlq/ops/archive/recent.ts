import { Hono } from "hono";
import * as z from "zod";
import { type DeviceKey, isDeviceKey } from "#domain/event.ts";
import type { RecentlyArchived } from "#ops/archive-recent.ts";
import type { OpsDeps } from "../deps.ts";
import type { OpsEnv } from "../http/gate.ts";
import { parseInput } from "../http/reading.ts";
import { noArchive } from "./no-archive.ts";

/** How far an answer may look back, in seconds. Ours: what is older is compacted, or was asked for before. */
const MAX_SECONDS = 3_600;

const Query = z.strictObject({
  device: z.string().refine(isDeviceKey, "must be the key of a device, {source}:{id}"),
  seconds: z.coerce.number().int().min(1).max(MAX_SECONDS).default(300),
});

/** Whether what a device sent a moment ago has reached the archive: the smoke test asks. */
export function archiveRecentRoutes({ archive, now }: OpsDeps) {
  const app = new Hono<OpsEnv>();
  app.get("/archive/recent", async (c) => {
    const query = parseInput(Query, c.req.query(), "Nothing was read");
    if (!query.ok) return query.response;
    const { device, seconds } = query.data;
    const sinceMs = now() - seconds * 1_000;
    const found = await archive?.recentlyArchived({ deviceKey: device as DeviceKey, sinceMs });
    return found ? c.json(found satisfies RecentlyArchived) : noArchive();
  });
  return app;
}
