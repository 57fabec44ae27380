import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { signOpsToken } from "#auth/ops-user.ts";
import { signToken } from "#auth/token.ts";
import { phraseOf, SmokeProblem } from "./problem.ts";

/** Who the smoke test is in the audit log. */
const ACTOR = "smoke-test";

/** Longer than a smoke test may take. */
const LIFETIME = "10m";

/**
 * The two tokens of a smoke test: of a service, which may read all devices, and of an admin, who may edit letters.
 * @throws SmokeProblem that does not repeat the key, if it is none or may not sign these roles
 */
export async function signTokens(signingKey = LOCAL_TOKEN_KEY): Promise<{ service: string; admin: string }> {
  try {
    const [service, admin] = await Promise.all([
      signToken({ role: "service" }, signingKey, LIFETIME),
      signOpsToken({ actor: ACTOR, role: "admin" }, signingKey, LIFETIME),
    ]);
    return { service, admin };
  } catch (thrown) {
    throw new SmokeProblem(
      `The tokens for the roles service and admin could not be signed: ${phraseOf(thrown)}. Nothing was sent. Look at CONCORD_TOKEN_KEY.`,
    );
  }
}
