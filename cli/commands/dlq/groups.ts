import type { Group } from "../../../src/shared/desk/api.ts";
import type { Column } from "../../desk/columns.ts";
import { deskCommand } from "../../desk/command.ts";
import { printList } from "../../desk/list.ts";
import { toneOf } from "../../desk/paint.ts";
import { PAGING } from "../../desk/selection.ts";
import { agoOf, stampOf } from "../../desk/times.ts";
import { UsageError } from "../../usage-error.ts";

export const groupColumns = (nowMs: number): Column<Group>[] => [
  { title: "GROUP", of: ({ id }) => id },
  { title: "STATE", of: ({ state }) => state, tone: ({ state }) => toneOf(state) },
  { title: "OPEN", of: ({ counts }) => counts.open + counts.quarantined, align: "right" },
  { title: "GOING", of: ({ counts }) => counts.replaying, align: "right", goes: 3 },
  { title: "DONE", of: ({ counts }) => counts.resolved + counts.discarded, align: "right", goes: 4 },
  { title: "LAST FAILED", of: ({ lastFailedAt }) => stampOf(lastFailedAt), goes: 2 },
  { title: "AGO", of: ({ lastFailedAt }) => agoOf(lastFailedAt, nowMs), align: "right", tone: () => "faint" },
  { title: "NOTE", of: ({ note }) => note ?? "", most: 24, goes: 1 },
  { title: "WHAT", of: ({ signature }) => signature },
];

export const groups = deskCommand({
  name: "groups",
  options: {
    state: { type: "string", description: "open, acknowledged, resolved, ignored or regressed" },
    topic: { type: "string", description: "A topic" },
    reason: { type: "string", description: "Why it failed" },
    ...PAGING,
  },
  run: (desk, { state, topic, reason, first, all }) =>
    printList<"groups", Group>(desk, {
      path: "/groups",
      name: "groups",
      query: { state, topic, reason },
      first,
      all,
      columns: groupColumns(desk.nowMs),
      nothing: "no groups match",
    }),
});

export const state = deskCommand({
  name: "state",
  positionals: [
    { name: "group", description: "The group's id" },
    { name: "state", description: "acknowledged, resolved, ignored or open", required: false },
  ],
  options: {
    to: { type: "string", description: "The state too" },
    note: { type: "string", description: "What the next one should know" },
  },
  run: async ({ client, print }, { to, note }, id = "", given = "") => {
    if (to !== undefined && given !== "") throw new UsageError("say the state once");
    const next = to ?? given;
    if (next === "") throw new UsageError("say which state: acknowledged, resolved, ignored or open");
    const group = await client.post<Group>(`/groups/${encodeURIComponent(id)}/state`, {
      state: next,
      ...(note !== undefined && { note }),
    });
    print(group, () => [`${group.id} is ${group.state}`]);
  },
});
