import { Hono } from "hono";
import * as z from "zod";
import type { ArchiveCheck, ArchiveFigures } from "#ops/archive-files-api.ts";
import type { OpsDeps } from "../deps.ts";
import type { OpsEnv } from "../http/gate.ts";
import { parseInput } from "../http/reading.ts";
import { noArchive } from "./no-archive.ts";

const CheckQuery = z.strictObject({
  day: z.iso.date({ message: "must be a day like 2026-11-23" }).optional(),
  after: z
    .string()
    .max(1_100)
    .regex(/^(?:days\/day=)?\d{4}-\d\d-\d\d/, { message: "must be `next` of the page before" })
    .optional(),
});

/** What the archive holds, and whether its day files are as their manifests say. */
export function archiveFileRoutes({ archive }: OpsDeps) {
  const app = new Hono<OpsEnv>();

  app.get("/archive/status", async (c) => {
    const figures = await archive?.archiveStatus();
    return figures ? c.json(figures satisfies ArchiveFigures) : noArchive();
  });

  app.get("/archive/check", async (c) => {
    const query = parseInput(CheckQuery, c.req.query(), "Nothing was checked");
    if (!query.ok) return query.response;
    const checked = await archive?.checkArchive(query.data);
    return checked ? c.json(checked satisfies ArchiveCheck) : noArchive();
  });
  return app;
}
