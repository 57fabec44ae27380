import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { OpsAccess } from "#auth/ops-access.ts";

export const TEAM = "https://team.cloudflareaccess.com";

type Roles = Partial<Pick<OpsAccess, "viewers" | "operators" | "admins" | "services">>;
type Signing = { readonly audience?: string; readonly issuer?: string; readonly expiresIn?: string };

/** A team of Cloudflare Access with a key of its own: the settings that trust it, and JWTs as Access makes them. */
export async function createAccessTeam(roles: Roles) {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const key = { ...(await exportJWK(publicKey)), kid: "k", alg: "RS256" };
  const settings = { issuer: TEAM, audience: "aud", jwks: { keys: [key] }, ...roles };
  const sign = (claims: object, { audience = "aud", issuer = TEAM, expiresIn = "5m" }: Signing = {}): Promise<string> =>
    new SignJWT({ sub: "s", type: "app", ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "k", typ: "JWT" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(expiresIn)
      .sign(privateKey);
  return { settings, access: OpsAccess.parse(settings), sign };
}

export type AccessTeam = Awaited<ReturnType<typeof createAccessTeam>>;
