import { parseArgs } from "node:util";
import { defineCommand } from "citty";
import type { Scope } from "../../src/shared/auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../../src/shared/auth/token.ts";
import { UsageError } from "../usage-error.ts";

const DEFAULT_EXPIRES = "12h";

export const token = defineCommand({
  meta: {
    name: "token",
    description:
      "Prints a token for the API and the operations API: `Authorization: Bearer <token>`. Signed with CONCORD_TOKEN_SECRET, else with the secret of local development.",
  },
  args: {
    role: { type: "string", description: "ops, service or dealer" },
    dealer: { type: "string", description: "A dealer's id, for role dealer; repeat it, or separate ids by commas" },
    expires: { type: "string", description: "How long it is good for: 30m, 12h, 7d", default: DEFAULT_EXPIRES },
  },
  // citty keeps only the last of a repeated option and lets misspelled ones pass, so the options are read here.
  async run({ rawArgs }) {
    const { role, dealer, expires } = readOptions(rawArgs);
    const secret = process.env.CONCORD_TOKEN_SECRET || LOCAL_TOKEN_SECRET;
    console.log(await signToken(scopeOf(role, dealer), secret, spanOf(expires)));
  },
});

function readOptions(rawArgs: string[]) {
  const option = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args: rawArgs,
      options: {
        role: option,
        dealer: { ...option, multiple: true },
        expires: { ...option, default: DEFAULT_EXPIRES },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function scopeOf(role: string | undefined, dealer: readonly string[] = []): Scope {
  const dealerIds = [...new Set(dealer.flatMap((ids) => ids.split(",")).map((id) => id.trim()))].filter(Boolean);
  if (role === "dealer") {
    if (dealerIds.length === 0) throw new UsageError("role dealer needs its dealers: --dealer D-7");
    if (dealerIds.length > 100) throw new UsageError("a token holds at most 100 dealers");
    return { role, dealerIds };
  }
  if (role !== "ops" && role !== "service")
    throw new UsageError("say who the token is for: --role ops, service or dealer");
  if (dealerIds.length > 0) throw new UsageError(`role ${role} sees every dealer; --dealer goes with --role dealer`);
  return { role };
}

function spanOf(expires: string): string {
  if (!/^\d+ ?(s|m|h|d|w|minutes?|hours?|days?|weeks?)$/.test(expires)) {
    throw new UsageError("--expires takes a span of time: 30m, 12h, 7d");
  }
  return expires;
}
