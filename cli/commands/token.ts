import type { JWTPayload } from "jose";
import { lifeSeconds } from "#auth/life.ts";
import { signClaims } from "#auth/token.ts";
import { TOKEN_ROLES, type TokenRole } from "#auth/token-role.ts";
import { defineCommand } from "../command/command.ts";
import { UsageError } from "../command/usage-error.ts";
import { signingKeyIn } from "../ops/signing-key.ts";
import { inspectToken } from "./token-inspect.ts";

const DEFAULT_LIFETIME = "12h";

/** Roles of the operations API whose holder the audit log has to name. */
const NAMED: readonly TokenRole[] = ["viewer", "operator", "admin"];

export const token = defineCommand({
  details:
    "Send it as `Authorization: Bearer <token>`. It is signed with the key in CONCORD_TOKEN_KEY, which is the file\n" +
    "of `concord keys new` or its text; or with the secret in CONCORD_TOKEN_SECRET; or, where neither is set, with\n" +
    "the key of local development, which only a local platform accepts. `concord guide keys` has more.",
  options: {
    role: {
      value: "role",
      offer: TOKEN_ROLES,
      summary:
        "Role of the holder: ops, service or dealer; at the operations API viewer, operator or admin; for Prometheus scraper",
    },
    as: { value: "name", summary: "Name of the holder: in the audit log, and to revoke all of its tokens by" },
    dealer: {
      value: "ids",
      repeats: true,
      summary: "Dealer whose devices role dealer can read; several ids are separated by commas",
    },
    expires: { value: "span", summary: `How long the token is valid: 30m, 12h, 7d (default ${DEFAULT_LIFETIME})` },
    inspect: {
      value: "token",
      summary: "Print what a token says instead, without its signature; - reads it from the input",
    },
  },
  examples: [
    "concord token --role ops",
    "concord token --role dealer --dealer D-7,D-21 --expires 7d",
    "concord token --role operator --as ann@example.com",
    "concord token --inspect -",
  ],
  run: async ({ inspect, role, dealer, expires = DEFAULT_LIFETIME, as }, { print, env, now }) => {
    if (inspect !== undefined) {
      for (const line of await inspectToken(inspect, now())) print(line);
      return;
    }
    const claims = { ...claimsOf(role, dealer), ...(as !== undefined && { sub: as }) };
    if (NAMED.includes(claims.role) && !as) {
      throw new UsageError(`--role ${claims.role} needs a name for the audit log: --as ann@example.com`);
    }
    const life = checkedLifetime(expires);
    try {
      print(await signClaims(claims, signingKeyIn(env), life));
    } catch (thrown) {
      throw thrown instanceof TypeError ? new UsageError(thrown.message) : thrown;
    }
  },
});

function claimsOf(text: string | undefined, dealer: readonly string[] = []): JWTPayload & { role: TokenRole } {
  const role = TOKEN_ROLES.find((each) => each === text);
  if (!role) throw new UsageError("--role has to be ops, service, dealer, viewer, operator, admin or scraper");
  const dealerIds = [...new Set(dealer.flatMap((ids) => ids.split(",")).map((id) => id.trim()))].filter(Boolean);
  if (role !== "dealer") {
    if (dealerIds.length > 0) throw new UsageError(`--dealer goes with --role dealer, not with ${role}`);
    return { role };
  }
  if (dealerIds.length === 0) throw new UsageError("--role dealer needs at least one dealer: --dealer D-7");
  if (dealerIds.length > 100) throw new UsageError("a token holds at most 100 dealers");
  return { role, dealerIds };
}

function checkedLifetime(expires: string): string {
  if ((lifeSeconds(expires) ?? 0) > 0) return expires;
  throw new UsageError("--expires has to be a span of time: 30m, 12h, 7d");
}
