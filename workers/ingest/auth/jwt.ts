import { type TokenIssuer, verifyIssued } from "../../../src/shared/auth/issuer.ts";
import type { Authenticated } from "./credentials.ts";

/** OAuth 2 scopes that grant topics: `produce:device.elt.*`, `produce:*`. */
const SCOPE_PREFIX = "produce:";

/** Reads a JWT. Its `scope` claim says what its bearer may write. Never throws on what a client sent. */
export async function verifyJwt(token: string, issuer: TokenIssuer | undefined): Promise<Authenticated> {
  if (!issuer) return { ok: false, message: "JWTs are not set up here; use an id and a secret." };
  const issued = await verifyIssued(token, issuer);
  if (!issued.ok) return issued;
  const scopes = typeof issued.claims.scope === "string" ? issued.claims.scope.split(" ") : [];
  const may = scopes.filter((scope) => scope.startsWith(SCOPE_PREFIX)).map((scope) => scope.slice(SCOPE_PREFIX.length));
  return { ok: true, writer: { id: `jwt:${issued.claims.sub}`, may } };
}
