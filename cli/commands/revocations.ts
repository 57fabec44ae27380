import type { RevocationJson } from "#ops/api.ts";
import { UsageError } from "../command/usage-error.ts";
import { printList } from "../ops/list.ts";
import { opsCommand } from "../ops/ops-command.ts";
import { formatTime } from "../terminal/times.ts";

export const revocations = opsCommand({
  options: {
    remove: { value: "id", summary: "Take this revocation back: token:… or subject:…, as the list has it" },
    because: { value: "why", summary: "Why it is taken back, for the audit log" },
  },
  examples: ["concord revocations", 'concord revocations --remove subject:ann@example.com --because "by mistake"'],
  run: async (context, { remove, because }) => {
    if (remove === undefined) return list(context);
    if (!because) throw new UsageError('--because is required: --because "by mistake"');
    const path = `/revocations/${encodeURIComponent(remove)}`;
    const removed = await context.client.delete<{ removed: string }>(path, { reason: because });
    context.print(removed, () => [`${removed.removed} is no longer revoked`]);
  },
});

const list = (context: Parameters<typeof printList>[0]): Promise<void> =>
  printList<"revocations", RevocationJson>(context, {
    path: "/revocations",
    name: "revocations",
    query: {},
    columns: [
      { title: "REVOKED", value: ({ revokedAt }) => formatTime(revokedAt) },
      { title: "WHAT", value: ({ id }) => id, maxWidth: 60, minWidth: 12 },
      { title: "BY", value: ({ revokedBy }) => revokedBy, maxWidth: 36, minWidth: 8 },
      { title: "KEPT UNTIL", value: ({ until }) => formatTime(until), dropOrder: 1 },
      { title: "REASON", value: ({ reason }) => reason },
    ],
    nothing: "nothing is revoked",
  });
