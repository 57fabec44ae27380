import { Hono } from "hono";
import * as z from "zod";
import { SOURCES } from "#domain/event.ts";
import { findRegister, partyKeyOf } from "#domain/party.ts";
import type { Certificate, ForgetPreview, ForgetRequestJson } from "#ops/archive-forgetting.ts";
import { audited, type OpsDeps } from "../deps.ts";
import { errorResponse } from "../http/error.ts";
import { type OpsEnv, only } from "../http/gate.ts";
import { parseInput, readBody } from "../http/reading.ts";
import { Why } from "../why.ts";
import { jobAnswer } from "./jobs.ts";
import { noArchive } from "./no-archive.ts";

const Who = { source: z.enum(SOURCES), customerId: z.string().min(1).max(64) };
const Preview = z.strictObject(Who);
const Body = z.strictObject({
  ...Who,
  reason: Why,
  /** Also if the database knows no such customer. */
  evenIfUnknown: z.boolean().default(false),
});

/** Forgetting a customer, and what was forgotten. */
export function archiveForgettingRoutes(deps: OpsDeps) {
  const { archive, audit, registers, knownCustomers } = deps;
  const app = new Hono<OpsEnv>();

  const previewOf = async ({ source, customerId }: z.output<typeof Preview>): Promise<ForgetPreview> => {
    // In each source of a shared register, the id means the same customer.
    const keys = findRegister(registers, source).map((each) => partyKeyOf(each, customerId));
    const customers = await knownCustomers.read(keys);
    return { customers, isKnown: customers.some(({ hasRecord, devices }) => hasRecord || devices > 0) };
  };

  app.get("/archive/forgets", only("admin"), async (c) => {
    const requests = await archive?.forgetRequests();
    return requests ? c.json({ requests } satisfies { requests: readonly ForgetRequestJson[] }) : noArchive();
  });

  app.get("/archive/forgets/preview", only("admin"), async (c) => {
    const query = parseInput(Preview, c.req.query(), "Nothing was read, because of the query");
    if (!query.ok) return query.response;
    return archive ? c.json(await previewOf(query.data)) : noArchive();
  });

  app.get("/archive/forgets/:id", only("admin"), async (c) => {
    const certificate = archive ? await archive.forgetCertificate(c.req.param("id")) : null;
    if (certificate === null) return noArchive();
    if (!certificate) return errorResponse("not_found", "There is no certificate: no such request, or it is not done.");
    return c.json(certificate satisfies Certificate);
  });

  app.post("/archive/forgets", only("admin"), async (c) => {
    const body = await readBody(c, Body);
    if (!body.ok) return body.response;
    if (!archive) return noArchive();
    const { source, customerId, reason, evenIfUnknown } = body.data;
    if (!evenIfUnknown && !(await previewOf({ source, customerId })).isKnown) return unknownCustomer(source);
    const { actor } = c.var.user;
    const sources = findRegister(registers, source);
    const target = `customer ${source}:${customerId}`;
    await audit.add(audited(c, deps, "customer.forget", { target, after: { sources }, reason }).entry);
    const order = { sources, customerId, reason, actor };
    return jobAnswer(c, await archive.startJob({ kind: "forgetting", params: { order }, actor }), 202);
  });
  return app;
}

const unknownCustomer = (source: string): Response =>
  errorResponse(
    "not_found",
    `Nothing was started: the database knows no customer of ${source} with this id, so it may be a typing error. The archive may still have records of one whose devices are gone, or of before the database was lost: to forget that one, send "evenIfUnknown": true.`,
  );
