import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { OpsAccess } from "#auth/ops-access.ts";
import {
  authenticateOpsUser,
  mayAct,
  type OpsRole,
  type OpsTrust,
  type OpsUser,
  type SignedInBy,
} from "#auth/ops-user.ts";
import type { TokenIdentity } from "#auth/verify.ts";
import { clientAddress, isWithinLimit, type Limiter, LONG_WAIT_SECONDS } from "#base/rate-limit.ts";
import type { SignIn } from "#ops/api.ts";
import { logRefusal, noteKeyUse } from "#telemetry/token-log.ts";
import { errorResponse } from "./error.ts";

/** How callers are authenticated. */
export type AuthDeps = {
  readonly trust: OpsTrust;
  /** Counts requests that fail to authenticate, by address. */
  readonly failedSignIns: Limiter;
};

/** `expiresAtMs` is when the caller's credential expires, and `token` what it may be revoked by: no stream goes on after. */
export type OpsEnv = {
  readonly Variables: {
    readonly user: OpsUser;
    readonly by: SignedInBy;
    readonly expiresAtMs: number;
    readonly token: TokenIdentity | null;
  };
};
export type OpsContext = Context<OpsEnv>;

/** Passes requests of operators, who are named by a token or by Cloudflare Access. */
export const forOperators = ({ trust, failedSignIns }: AuthDeps) =>
  createMiddleware<OpsEnv>(async (c, next) => {
    const presented = {
      authorization: c.req.header("Authorization") ?? null,
      accessJwt: c.req.header("Cf-Access-Jwt-Assertion") ?? null,
    };
    const who = await authenticateOpsUser(presented, trust);
    if (!who.ok) {
      if (!(await isWithinLimit(failedSignIns, clientAddress(c.req.raw.headers)))) return TOO_MANY();
      logRefusal(who);
      const code = who.status === 401 ? "unauthenticated" : "forbidden";
      return errorResponse(code, who.message, trust.access && { signIn: signInBy(trust.access) });
    }
    if (who.token) noteKeyUse(who.token);
    c.set("user", who.user);
    c.set("by", who.by);
    c.set("expiresAtMs", who.expiresAtMs);
    c.set("token", who.token);
    await next();
  });

/** For the console's sign-in page. The team's hostname is no secret: Access redirects everybody there. */
const signInBy = ({ issuer }: OpsAccess): SignIn => ({ access: { team: new URL(issuer).hostname } });

const TOO_MANY = () =>
  errorResponse(
    "too_many_requests",
    `Nothing was done: too many requests of this address have failed to authenticate. Try again in ${LONG_WAIT_SECONDS} s.`,
    {},
    { "Retry-After": String(LONG_WAIT_SECONDS) },
  );

/** Passes requests of users who may act in a role. */
export const only = (role: OpsRole) =>
  createMiddleware<OpsEnv>(async (c, next) => {
    if (mayAct(c.var.user, role)) return next();
    return errorResponse(
      "forbidden",
      `Nothing was done: this requires the role ${role}, and yours is ${c.var.user.role}.`,
    );
  });

export const noStore = createMiddleware(async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
});
