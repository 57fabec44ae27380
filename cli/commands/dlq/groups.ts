import { REASONS } from "#letters/reasons.ts";
import { GROUP_STATES, type GroupState } from "#letters/states.ts";
import type { Group } from "#ops/api.ts";
import { UsageError } from "../../command/usage-error.ts";
import { printList } from "../../ops/list.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { OFFERED_TOPICS, PAGING, sortOf } from "../../ops/selection.ts";
import { toneOf } from "../../terminal/paint.ts";
import type { Column } from "../../terminal/table.ts";
import { formatAge, formatTime } from "../../terminal/times.ts";

export const groupColumns = (nowMs: number): Column<Group>[] => [
  { title: "GROUP", value: ({ id }) => id },
  { title: "STATE", value: ({ state }) => state, tone: ({ state }) => toneOf(state) },
  { title: "OPEN", value: ({ counts }) => counts.open + counts.quarantined, align: "right" },
  { title: "SENT", value: ({ counts }) => counts.replaying, align: "right", dropOrder: 3 },
  { title: "CLOSED", value: ({ counts }) => counts.resolved + counts.discarded, align: "right", dropOrder: 4 },
  { title: "LAST FAILED", value: ({ lastFailedAt }) => formatTime(lastFailedAt), dropOrder: 2 },
  { title: "AGE", value: ({ lastFailedAt }) => formatAge(lastFailedAt, nowMs), align: "right", tone: () => "faint" },
  { title: "NOTE", value: ({ note }) => note ?? "", maxWidth: 24, dropOrder: 1 },
  { title: "FAILURE", value: ({ signature }) => signature },
];

export const groups = opsCommand({
  options: {
    state: {
      value: "state",
      summary: "State of the groups: open, acknowledged, resolved, ignored or regressed",
      offer: GROUP_STATES,
    },
    topic: { value: "topic", summary: "Topic of the groups", offer: OFFERED_TOPICS },
    reason: { value: "reason", summary: "Why the letters failed: schema_mismatch, fault and others", offer: REASONS },
    since: { value: "time", summary: "Start of the time range: last failed at or after this time (RFC 3339)" },
    until: { value: "time", summary: "End of the time range: last failed before this time (RFC 3339)" },
    ...sortOf("groups"),
    ...PAGING,
  },
  examples: ["concord dlq groups --state open", "concord dlq groups --sort=-waiting"],
  run: (context, { state, topic, reason, since, until, sort, first, all }) =>
    printList<"groups", Group>(context, {
      path: "/groups",
      name: "groups",
      query: { state, topic, reason, since, until, sort },
      first,
      all,
      columns: groupColumns(context.nowMs),
      nothing: "no groups match",
    }),
});

const SETTABLE = ["acknowledged", "resolved", "ignored", "open"] as const satisfies GroupState[];
const SETTABLE_STATES = "acknowledged, resolved, ignored or open";

export const state = opsCommand({
  arguments: {
    group: { summary: "Id of the group" },
    state: { summary: `New state: ${SETTABLE_STATES}`, optional: true, offer: SETTABLE },
  },
  options: {
    to: {
      value: "state",
      summary: `New state, if it is not given after the group: ${SETTABLE_STATES}`,
      offer: SETTABLE,
    },
    note: { value: "text", summary: "Note for other operators" },
  },
  examples: ['concord dlq state 5a88 acknowledged --note "ticket 9"', "concord dlq state 5a88 ignored"],
  run: async ({ client, print }, { group: id, state: given, to, note }) => {
    if (to !== undefined && given !== undefined)
      throw new UsageError("give the state once, after the group or with --to");
    const next = to || given;
    if (!next) throw new UsageError(`the new state is missing: ${SETTABLE_STATES}`);
    const group = await client.post<Group>(`/groups/${encodeURIComponent(id)}/state`, {
      state: next,
      ...(note !== undefined && { note }),
    });
    print(group, () => [`${group.id} is ${group.state}`]);
  },
});
