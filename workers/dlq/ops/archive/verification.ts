import { Hono } from "hono";
import * as z from "zod";
import { isDeviceKey } from "#domain/event.ts";
import type { VerificationJson, VerificationQuery } from "#ops/archive-verification.ts";
import type { OpsDeps } from "../deps.ts";
import type { OpsEnv } from "../http/gate.ts";
import { parseInput } from "../http/reading.ts";
import { noArchive } from "./no-archive.ts";

const Query = z
  .strictObject({
    bucket: z
      .string()
      .regex(/^[0-9a-f]{2}$/, "must be two hex digits, 00 to ff")
      .optional(),
    device: z.string().refine(isDeviceKey, "must be the key of a device, {source}:{id}").optional(),
  })
  .refine(({ bucket, device }) => bucket === undefined || device === undefined, {
    path: ["device"],
    message: "must not be given beside bucket",
  });

/** What the last verifications found. One is started as the job `verification`. */
export function archiveVerificationRoutes({ archive }: OpsDeps) {
  const app = new Hono<OpsEnv>();

  app.get("/archive/verification", async (c) => {
    const query = parseInput(Query, c.req.query(), "Nothing was read");
    if (!query.ok) return query.response;
    const found = await archive?.verification(query.data as VerificationQuery);
    return found ? c.json(found satisfies VerificationJson) : noArchive();
  });

  return app;
}
