import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";

/** Who the smoke test is in the audit log. */
export const ACTOR = "smoke-test";

/** Longer than a smoke test may take. */
const LIFETIME = "10m";

/** The two tokens of a smoke test: of a service, which may read all devices, and of an admin, who may edit letters. */
export async function signTokens(signingKey: string | undefined): Promise<{ service: string; admin: string }> {
  const secret = signingKey ?? LOCAL_TOKEN_SECRET;
  const [service, admin] = await Promise.all([
    signToken({ role: "service" }, secret, LIFETIME),
    signOpsToken({ actor: ACTOR, role: "admin" }, secret, LIFETIME),
  ]);
  return { service, admin };
}
