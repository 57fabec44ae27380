import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type * as z from "zod";
import {
  authenticateAtDesk,
  type DeskAccess,
  type DeskRole,
  type DeskUser,
  mayAct,
} from "../../../src/shared/auth/desk-user.ts";
import type { AuditAction } from "../../../src/shared/desk/api.ts";
import type { AuditEntry, AuditRepository } from "../../../src/shared/repositories/audit.ts";
import type { DeadLetterRepository } from "../../../src/shared/repositories/dead-letter.ts";
import type { FleetRepository } from "../../../src/shared/repositories/fleet.ts";
import type { LetterChangeRepository, Told } from "../../../src/shared/repositories/letter-change.ts";
import type { LetterGroupRepository } from "../../../src/shared/repositories/letter-group.ts";
import type { ReplayRunRepository } from "../../../src/shared/repositories/replay-run.ts";
import { errorResponse } from "../error.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { ReplayDeps } from "../replay.ts";
import type { ReplayRun } from "../runs/replay-run.ts";

/** What the desk works with. */
export type DeskDeps = Omit<ReplayDeps, "letters"> & {
  readonly letters: DeadLetterRepository;
  readonly changes: LetterChangeRepository;
  readonly groups: LetterGroupRepository;
  readonly runs: ReplayRunRepository;
  readonly audit: AuditRepository;
  readonly fleet: Pick<FleetRepository, "read">;
  readonly metrics: Metrics;
  readonly runObject: (id: string) => Pick<ReplayRun, "plan" | "read" | "start" | "pause" | "resume" | "cancel">;
  readonly workerVersion: string;
  readonly tokenSecret: string;
  readonly access?: DeskAccess | undefined;
};

export type DeskEnv = { readonly Variables: { readonly user: DeskUser } };
export type DeskContext = Context<DeskEnv>;

/** Lets in whom a token, or Cloudflare Access, names for the desk. */
export const atDesk = ({ tokenSecret, access }: DeskDeps) =>
  createMiddleware<{ Variables: { user: DeskUser } }>(async (c, next) => {
    const presented = {
      authorization: c.req.header("Authorization") ?? null,
      accessJwt: c.req.header("Cf-Access-Jwt-Assertion") ?? null,
    };
    const who = await authenticateAtDesk(presented, { secret: tokenSecret, access });
    if (!who.ok) return errorResponse(who.status === 401 ? "unauthenticated" : "forbidden", who.message);
    c.set("user", who.user);
    await next();
  });

/**
 * Access lets a browser in by a cookie, which goes along with whatever another site has the browser ask for. Nothing of
 * ours is asked by another site.
 */
export const sameSite = createMiddleware(async (c, next) => {
  const origin = c.req.header("Origin");
  const isElsewhere = origin !== undefined && origin !== new URL(c.req.url).origin;
  if (!isElsewhere && c.req.header("Sec-Fetch-Site") !== "cross-site") return next();
  return errorResponse("forbidden", "This was asked by another site. Nothing was done.");
});

/** Lets pass whoever may act in that role. */
export const only = (role: DeskRole) =>
  createMiddleware<DeskEnv>(async (c, next) => {
    if (mayAct(c.var.user, role)) return next();
    return errorResponse("forbidden", `This is for role ${role}, not ${c.var.user.role}. Nothing was done.`);
  });

type Said = Pick<AuditEntry, "target" | "before" | "after" | "reason">;

/** An entry of the audit log that names who is asking, for the statement that does it. */
export const told = (c: DeskContext, { audit, now }: DeskDeps, action: AuditAction, said: Said): Told => ({
  audit,
  entry: { ...c.var.user, atMs: now(), action, ...said },
});

export type Read<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly response: Response };

/** A JSON body by its schema. @param without what stands for no body at all, where there need be none */
export async function bodyOf<T>(c: DeskContext, schema: z.ZodType<T>, without?: unknown): Promise<Read<T>> {
  const text = await c.req.text();
  const json = text === "" ? without : parsed(text);
  return json === undefined
    ? { ok: false, response: errorResponse("invalid_parameter", "Nothing was done: the body is not JSON.") }
    : readBy(schema, json, "Nothing was done");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads by a schema, and names everything that is wrong at once. */
export function readBy<T>(schema: z.ZodType<T>, input: unknown, kept: string): Read<T> {
  const { data, error } = schema.safeParse(input);
  if (!error) return { ok: true, data };
  const parameters = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => ({ name: [...issue.path, name].join("."), message: "is not known here" }))
      : [{ name: issue.path.join(".") || "body", message: issue.message }],
  );
  const described = parameters.map(({ name, message }) => `${name} ${message}`).join("; ");
  return { ok: false, response: errorResponse("invalid_parameter", `${kept}: ${described}.`, { parameters }) };
}
