import { OPS_ROLES, signOpsToken } from "#auth/ops-user.ts";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { defineCommand } from "../command/command.ts";
import { UsageError } from "../command/usage-error.ts";

const DEFAULT_LIFETIME = "12h";

export const token = defineCommand({
  details:
    "Send it as `Authorization: Bearer <token>`. It is signed with CONCORD_TOKEN_SECRET, or, where that is\n" +
    "not set, with the secret of local development, which only a local platform accepts.",
  options: {
    role: {
      value: "role",
      offer: ["ops", "service", "dealer", ...OPS_ROLES],
      summary: "Role of the holder: ops, service or dealer; at the operations API viewer, operator or admin",
    },
    as: { value: "name", summary: "Name of the holder in the audit log, for viewer, operator and admin" },
    dealer: {
      value: "ids",
      repeats: true,
      summary: "Dealer whose devices role dealer can read; several ids are separated by commas",
    },
    expires: { value: "span", summary: `How long the token is valid: 30m, 12h, 7d (default ${DEFAULT_LIFETIME})` },
  },
  examples: [
    "concord token --role ops",
    "concord token --role dealer --dealer D-7,D-21 --expires 7d",
    "concord token --role operator --as ann@example.com",
  ],
  run: async ({ role, dealer, expires = DEFAULT_LIFETIME, as }, { print, env }) => {
    const secret = env.CONCORD_TOKEN_SECRET || LOCAL_TOKEN_SECRET;
    const opsRole = OPS_ROLES.find((each) => each === role);
    if (opsRole) {
      if (!as) throw new UsageError(`--role ${opsRole} needs a name for the audit log: --as ann@example.com`);
      return print(await signOpsToken({ actor: as, role: opsRole }, secret, checkedLifetime(expires)));
    }
    if (as !== undefined) throw new UsageError("--as goes with --role viewer, operator or admin");
    print(await signToken(scopeOf(role, dealer), secret, checkedLifetime(expires)));
  },
});

function scopeOf(role: string | undefined, dealer: readonly string[] = []): Scope {
  const dealerIds = [...new Set(dealer.flatMap((ids) => ids.split(",")).map((id) => id.trim()))].filter(Boolean);
  if (role === "dealer") {
    if (dealerIds.length === 0) throw new UsageError("--role dealer needs at least one dealer: --dealer D-7");
    if (dealerIds.length > 100) throw new UsageError("a token holds at most 100 dealers");
    return { role, dealerIds };
  }
  if (role !== "ops" && role !== "service")
    throw new UsageError("--role has to be ops, service, dealer, viewer, operator or admin");
  if (dealerIds.length > 0)
    throw new UsageError(`role ${role} can read every dealer; --dealer goes with --role dealer`);
  return { role };
}

function checkedLifetime(expires: string): string {
  if (!/^\d+ ?(s|m|h|d|w|minutes?|hours?|days?|weeks?)$/.test(expires)) {
    throw new UsageError("--expires has to be a span of time: 30m, 12h, 7d");
  }
  return expires;
}
