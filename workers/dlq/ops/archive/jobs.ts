import { Hono } from "hono";
import * as z from "zod";
import type { AuditAction } from "#ops/api.ts";
import {
  JOB_KINDS,
  JOB_OBJECTS,
  type JobAction,
  type JobObjectName,
  type JobOrdered,
  type JobStatus,
  OBJECT_OF,
} from "#ops/archive-api.ts";
import { audited, type OpsDeps } from "../deps.ts";
import { errorResponse } from "../http/error.ts";
import { type OpsContext, type OpsEnv, only } from "../http/gate.ts";
import { readBody } from "../http/reading.ts";
import { Why } from "../why.ts";
import { noArchive } from "./no-archive.ts";

const StartBody = z.strictObject({
  kind: z.enum(JOB_KINDS),
  /** JSON for the kind, which refuses what it does not know. */
  params: z.record(z.string(), z.unknown()).default({}),
  reason: Why.optional(),
});
const OrderBody = z.strictObject({ reason: Why.optional() });

const ACTIONS = {
  pause: "job.pause",
  resume: "job.resume",
  cancel: "job.cancel",
} as const satisfies Record<JobAction, AuditAction>;

/** The jobs over the archive: what runs, and orders to it. Operators may pause one; only an admin starts or ends one. */
export function archiveJobRoutes(deps: OpsDeps) {
  const { archive, audit } = deps;
  const app = new Hono<OpsEnv>();

  app.get("/archive/jobs", async (c) => {
    const jobs = await archive?.jobs();
    return jobs ? c.json({ jobs }) : noArchive();
  });

  app.get("/archive/jobs/:name", async (c) => {
    const name = nameIn(c);
    if (!name) return unknownJob();
    const jobs = await archive?.jobs();
    return jobs ? c.json(jobs.find((job) => job.name === name) satisfies JobStatus | undefined) : noArchive();
  });

  app.post("/archive/jobs/:name", only("admin"), async (c) => {
    const name = nameIn(c);
    if (!name) return unknownJob();
    const body = await readBody(c, StartBody);
    if (!body.ok) return body.response;
    const { kind, params, reason } = body.data;
    if (OBJECT_OF[kind] !== name) {
      const message = `Nothing was started: ${kind} runs as the job ${OBJECT_OF[kind]}.`;
      return errorResponse("invalid_parameter", message, { parameters: [{ name: "kind", message: `is no ${name}` }] });
    }
    if (kind === "forgetting" && Object.keys(params).length > 0) {
      // Only there is the customer looked up, the actor the caller, and the wait as long as consumers take.
      const message = "Nothing was started: a customer is forgotten by POST /ops/api/archive/forgets.";
      return errorResponse("invalid_parameter", message, {
        parameters: [{ name: "params", message: "must be empty" }],
      });
    }
    if (kind === "rebuild" && reason === undefined && (params.switch === true || params.into === "live")) {
      const message = "Nothing was started: a rebuild that changes the live state needs a reason, for the audit log.";
      return errorResponse("invalid_parameter", message, {
        parameters: [{ name: "reason", message: "must be given" }],
      });
    }
    if (!archive) return noArchive();
    const { actor } = c.var.user;
    await audit.add(audited(c, deps, "job.start", { target: name, after: { kind, params }, reason }).entry);
    return jobAnswer(c, await archive.startJob({ kind, params, actor }), 202);
  });

  for (const [action, logged] of Object.entries(ACTIONS) as [JobAction, AuditAction][]) {
    app.post(`/archive/jobs/:name/${action}`, only(action === "cancel" ? "admin" : "operator"), async (c) => {
      const name = nameIn(c);
      if (!name) return unknownJob();
      const body = await readBody(c, OrderBody, {});
      if (!body.ok) return body.response;
      if (!archive) return noArchive();
      await audit.add(audited(c, deps, logged, { target: name, reason: body.data.reason }).entry);
      return jobAnswer(c, await archive.orderJob(name, action, c.var.user.actor), 200);
    });
  }
  return app;
}

const nameIn = (c: OpsContext): JobObjectName | undefined => JOB_OBJECTS.find((name) => name === c.req.param("name"));

const unknownJob = (): Response =>
  errorResponse("not_found", `There is no such job; there are ${JOB_OBJECTS.join(", ")}.`);

/** The answer to an order: the job after it, or why it was refused. */
export function jobAnswer(c: OpsContext, ordered: JobOrdered, status: 200 | 202): Response {
  switch (ordered.kind) {
    case "ok":
      return c.json(ordered.job satisfies JobStatus, status);
    case "wrong_state":
    case "refused":
      return errorResponse("conflict", ordered.message);
    case "unavailable":
      return errorResponse("unavailable", ordered.message);
    case "no_archive":
      return noArchive();
    default:
      return ordered satisfies never;
  }
}
