import { Hono } from "hono";
import * as z from "zod";
import { parseRevocationId, type RevocationTarget, revocationId } from "#auth/revocation.ts";
import { MAX_LIFE_SECONDS } from "#auth/token-keys.ts";
import { isJti } from "#auth/verify.ts";
import type { RevocationJson } from "#ops/api.ts";
import { MAX_REVOCATIONS, type StoredRevocation } from "#repositories/revocation.ts";
import { toIso } from "../iso.ts";
import { audited, type OpsDeps } from "./deps.ts";
import { errorResponse } from "./http/error.ts";
import { type OpsEnv, only } from "./http/gate.ts";
import { readBody } from "./http/reading.ts";
import { Time } from "./selection.ts";
import { Why } from "./why.ts";

const Jti = z.string().refine(isJti, "must be the jti of a token: 1 to 200 printable characters");
const Subject = z.string().min(1).max(200);

const RevokeBody = z
  .strictObject({
    jti: Jti.optional(),
    subject: Subject.optional(),
    /** When the token would expire, where that is known. */
    expiresAt: Time.optional(),
    reason: Why,
  })
  .refine(({ jti, subject }) => (jti === undefined) !== (subject === undefined), {
    path: ["jti"],
    message: "must be given, or else subject: one of them",
  });

const UnrevokeBody = z.strictObject({ reason: Why });

/** Tokens that are refused before their end. Whoever has a stolen token must not see that it is known. */
export function revocationRoutes(deps: OpsDeps) {
  const { revocations, audit, now } = deps;
  const app = new Hono<OpsEnv>();

  app.get("/revocations", only("admin"), async (c) =>
    c.json({ revocations: (await revocations.list()).map(toRevocationJson), nextCursor: null }),
  );

  app.post("/revocations", only("admin"), async (c) => {
    const body = await readBody(c, RevokeBody);
    if (!body.ok) return body.response;
    const { jti, subject = "", expiresAt, reason } = body.data;
    const target: RevocationTarget = jti === undefined ? { kind: "subject", subject } : { kind: "token", jti };
    const revokedAtMs = now();
    // No token lives longer; of one whose end is known, the revocation is kept until then.
    const longestMs = revokedAtMs + MAX_LIFE_SECONDS * 1_000;
    const untilMs = target.kind === "token" ? Math.min(expiresAt ?? longestMs, longestMs) : longestMs;
    if (untilMs <= revokedAtMs) {
      return errorResponse("conflict", "Nothing was revoked: the token has expired already, and no API accepts it.");
    }
    const revocation: StoredRevocation = { target, revokedAtMs, untilMs, revokedBy: c.var.user.actor, reason };
    const details = { target: revocationId(target), after: { until: toIso(untilMs) }, reason };
    const { entry } = audited(c, deps, "token.revoke", details);
    if (!(await revocations.add(revocation, { audit, entry }))) return tooMany();
    return c.json(toRevocationJson(revocation), 201);
  });

  app.delete("/revocations/:id", only("admin"), async (c) => {
    const body = await readBody(c, UnrevokeBody);
    if (!body.ok) return body.response;
    const target = parseRevocationId(c.req.param("id"));
    if (!target) return unknown();
    const details = { target: revocationId(target), reason: body.data.reason };
    const { entry } = audited(c, deps, "token.unrevoke", details);
    return (await revocations.remove(target, { audit, entry })) ? c.json({ removed: revocationId(target) }) : unknown();
  });
  return app;
}

const toRevocationJson = ({ target, revokedAtMs, untilMs, revokedBy, reason }: StoredRevocation): RevocationJson => ({
  id: revocationId(target),
  revokedAt: new Date(revokedAtMs).toISOString(),
  until: new Date(untilMs).toISOString(),
  revokedBy,
  reason,
});

const unknown = (): Response =>
  errorResponse("not_found", "Nothing was changed: there is no such revocation. GET /ops/api/revocations lists them.");

const tooMany = (): Response =>
  errorResponse(
    "too_many",
    `Nothing was revoked: there are ${MAX_REVOCATIONS} revocations. Revoke by subject, or take the key out of TOKEN_KEYS, which refuses all of its tokens.`,
  );
