import type { RevocationJson } from "#ops/api.ts";
import { UsageError } from "../command/usage-error.ts";
import { opsCommand } from "../ops/ops-command.ts";
import { formatTime } from "../terminal/times.ts";
import { decoded, isoOf } from "./token-inspect.ts";

export const revoke = opsCommand({
  details:
    "The token itself is not sent, only its id and its end. Every API refuses it within half a minute, and open\n" +
    "subscriptions end when something would be delivered. A new token of the same holder is not affected.",
  arguments: { token: { summary: "The token, or its id (jti), as logs have it", optional: true } },
  options: {
    subject: { value: "name", summary: "Instead: all tokens of this holder that were issued until now" },
    because: { value: "why", summary: "Why, for the audit log" },
  },
  examples: [
    'concord revoke 7b1c9f0e-1d4c-4a55-9f8e-0f6f2f3f7a10 --because "the laptop was stolen"',
    'concord revoke --subject ann@example.com --because "ann has left"',
  ],
  run: async ({ client, print }, { token, subject, because }) => {
    if ((token === undefined) === (subject === undefined)) {
      throw new UsageError("give the token or its id, or a holder by --subject");
    }
    if (!because) throw new UsageError('--because is required: --because "the laptop was stolen"');
    const target = token === undefined ? { subject } : targetOf(token);
    const revoked = await client.post<RevocationJson>("/revocations", { ...target, reason: because });
    print(revoked, () => [`${revoked.id} is revoked. The entry is kept until ${formatTime(revoked.until)}`]);
  },
});

/** What the API gets of a token: never the token. */
function targetOf(token: string): { readonly jti: string; readonly expiresAt?: string } {
  // Three parts with a dot between them: no id of ours has one.
  if (!token.includes(".")) return { jti: token };
  const { jti, exp } = decoded(token).claims;
  if (typeof jti !== "string") {
    throw new UsageError("this token has no id, so it cannot be revoked by itself: use --subject, or replace its key");
  }
  const expiresAt = isoOf(exp);
  return { jti, ...(expiresAt !== undefined && { expiresAt }) };
}
