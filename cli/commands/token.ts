import { parseArgs } from "node:util";
import { defineCommand } from "citty";
import { DESK_ROLES, signDeskToken } from "../../src/shared/auth/desk-user.ts";
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
    role: {
      type: "string",
      description: "ops, service or dealer; or viewer, operator or admin at the dead-letter desk",
    },
    as: { type: "string", description: "Who it is for, at the dead-letter desk: stands in its audit log" },
    dealer: { type: "string", description: "A dealer's id, for role dealer; repeat it, or separate ids by commas" },
    expires: { type: "string", description: "How long it is good for: 30m, 12h, 7d", default: DEFAULT_EXPIRES },
  },
  // citty keeps only the last of a repeated option and lets misspelled ones pass, so the options are read here.
  async run({ rawArgs }) {
    const { role, dealer, expires, as } = readOptions(rawArgs);
    const secret = process.env.CONCORD_TOKEN_SECRET || LOCAL_TOKEN_SECRET;
    const deskRole = DESK_ROLES.find((each) => each === role);
    if (deskRole) {
      if (!as) throw new UsageError("say whose it is, for the audit log: --as ann@example.com");
      console.log(await signDeskToken({ actor: as, role: deskRole }, secret, spanOf(expires)));
      return;
    }
    if (as !== undefined) throw new UsageError("--as goes with --role viewer, operator or admin");
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
        as: option,
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
    throw new UsageError("say who the token is for: --role ops, service, dealer, viewer, operator or admin");
  if (dealerIds.length > 0) throw new UsageError(`role ${role} sees every dealer; --dealer goes with --role dealer`);
  return { role };
}

function spanOf(expires: string): string {
  if (!/^\d+ ?(s|m|h|d|w|minutes?|hours?|days?|weeks?)$/.test(expires)) {
    throw new UsageError("--expires takes a span of time: 30m, 12h, 7d");
  }
  return expires;
}
