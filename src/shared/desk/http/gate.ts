import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { authenticateAtDesk, type DeskAccess, type DeskRole, type DeskUser, mayAct } from "../../auth/desk-user.ts";
import { addressOf, isWithin, type Limiter, LONG_WAIT_SECONDS } from "../../rate-limit.ts";
import { errorResponse } from "./error.ts";

/** By what somebody gets in. */
export type Doors = {
  readonly tokenSecret: string;
  readonly access?: DeskAccess | undefined;
  /** Counts requests that nobody is named in, by address. */
  readonly failedSignIns: Limiter;
};

/** `expiresAtMs` is when what let somebody in runs out: no answer goes on behind that. */
export type DeskEnv = { readonly Variables: { readonly user: DeskUser; readonly expiresAtMs: number } };
export type DeskContext = Context<DeskEnv>;

/** Lets in whom a token, or Cloudflare Access, names for the desk. */
export const atDesk = ({ tokenSecret, access, failedSignIns }: Doors) =>
  createMiddleware<DeskEnv>(async (c, next) => {
    const presented = {
      authorization: c.req.header("Authorization") ?? null,
      accessJwt: c.req.header("Cf-Access-Jwt-Assertion") ?? null,
    };
    const who = await authenticateAtDesk(presented, { secret: tokenSecret, access });
    if (!who.ok) {
      if (!(await isWithin(failedSignIns, addressOf(c.req.raw.headers)))) return TOO_MANY();
      return errorResponse(who.status === 401 ? "unauthenticated" : "forbidden", who.message);
    }
    c.set("user", who.user);
    c.set("expiresAtMs", who.expiresAtMs);
    await next();
  });

const TOO_MANY = () =>
  errorResponse(
    "too_many_requests",
    `This address sends too many tokens that are not ours. Nothing was done: try again in ${LONG_WAIT_SECONDS} s.`,
    {},
    { "Retry-After": String(LONG_WAIT_SECONDS) },
  );

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
