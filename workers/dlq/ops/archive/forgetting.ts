import { Hono } from "hono";
import * as z from "zod";
import { SOURCES } from "#domain/event.ts";
import { findRegister } from "#domain/party.ts";
import type { Certificate, ForgetRequestJson } from "#ops/archive-forgetting.ts";
import { audited, type OpsDeps } from "../deps.ts";
import { errorResponse } from "../http/error.ts";
import { type OpsEnv, only } from "../http/gate.ts";
import { readBody } from "../http/reading.ts";
import { Why } from "../why.ts";
import { jobAnswer } from "./jobs.ts";
import { noArchive } from "./no-archive.ts";

const Body = z.strictObject({
  source: z.enum(SOURCES),
  customerId: z.string().min(1).max(64),
  reason: Why,
});

/** Forgetting a customer, and what was forgotten. */
export function archiveForgettingRoutes(deps: OpsDeps) {
  const { archive, audit, registers } = deps;
  const app = new Hono<OpsEnv>();

  app.get("/archive/forgets", only("admin"), async (c) => {
    const requests = await archive?.forgetRequests();
    return requests ? c.json({ requests } satisfies { requests: readonly ForgetRequestJson[] }) : noArchive();
  });

  app.get("/archive/forgets/:id", only("admin"), async (c) => {
    const certificate = archive ? await archive.forgetCertificate(c.req.param("id")) : null;
    if (certificate === null) return noArchive();
    if (!certificate)
      return errorResponse(
        "not_found",
        "There is no certificate: no such request, or it is not done. GET /ops/api/archive/forgets lists them.",
      );
    return c.json(certificate satisfies Certificate);
  });

  /** In each source of a shared register, the id means the same customer. */
  app.post("/archive/forgets", only("admin"), async (c) => {
    const body = await readBody(c, Body);
    if (!body.ok) return body.response;
    if (!archive) return noArchive();
    const { source, customerId, reason } = body.data;
    const { actor } = c.var.user;
    const sources = findRegister(registers, source);
    const target = `customer ${source}:${customerId}`;
    await audit.add(audited(c, deps, "customer.forget", { target, after: { sources }, reason }).entry);
    const order = { sources, customerId, reason, actor };
    return jobAnswer(c, await archive.startJob({ kind: "forgetting", params: { order }, actor }), 202);
  });
  return app;
}
