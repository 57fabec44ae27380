import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { authenticateAtDesk, type DeskAccess, type DeskRole, type DeskUser, mayAct } from "../../auth/desk-user.ts";
import { errorResponse } from "./error.ts";

/** By what somebody gets in. */
export type Doors = { readonly tokenSecret: string; readonly access?: DeskAccess | undefined };

export type DeskEnv = { readonly Variables: { readonly user: DeskUser } };
export type DeskContext = Context<DeskEnv>;

/** Lets in whom a token, or Cloudflare Access, names for the desk. */
export const atDesk = ({ tokenSecret, access }: Doors) =>
  createMiddleware<DeskEnv>(async (c, next) => {
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

export const noStore = createMiddleware(async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
});
