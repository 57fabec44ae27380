import type { ForgetRequestJson } from "#ops/archive-forgetting.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import type { Column } from "../../terminal/table.ts";
import { formatTime } from "../../terminal/times.ts";

export const list = opsCommand({
  examples: ["concord forget list"],
  run: async ({ client, print, table }) => {
    const found = await client.get<{ readonly requests: readonly ForgetRequestJson[] }>("/archive/forgets");
    print(found, () => table(found.requests, COLUMNS));
  },
});

const COLUMNS: Column<ForgetRequestJson>[] = [
  { title: "REQUEST", value: ({ requestId }) => requestId },
  { title: "CUSTOMER", value: ({ customers }) => customers.join(", "), maxWidth: 40 },
  { title: "REQUESTED", value: ({ requestedAt }) => formatTime(requestedAt), dropOrder: 2 },
  { title: "COMPLETED", value: ({ completedAt }) => (completedAt ? formatTime(completedAt) : "not yet") },
  { title: "BY", value: ({ requestedBy }) => requestedBy, maxWidth: 24, minWidth: 8, dropOrder: 1 },
  { title: "WHY", value: ({ reason }) => reason },
];
