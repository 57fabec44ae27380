import { verifyIssued } from "#auth/issuer.ts";
import type { Authenticated } from "./credentials.ts";
import { grantsIn, isOfClient, type TokenSettings } from "./token-settings.ts";

/** Verifies a JWT, whose claims list the topics that its bearer may write. Never throws on what a client sent. */
export async function verifyJwt(token: string, settings: TokenSettings | undefined): Promise<Authenticated> {
  if (!settings) return { ok: false, message: "JWTs are not configured here; use an id and a secret." };
  const issued = await verifyIssued(token, settings);
  if (!issued.ok) return issued;
  if (!isOfClient(issued.claims, settings)) return { ok: false, message: "The token is not one that we take." };
  return { ok: true, writer: { id: `jwt:${issued.claims.sub}`, may: grantsIn(issued.claims, settings) } };
}
