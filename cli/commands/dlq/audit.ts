import type { Audit } from "#ops/api.ts";
import { printList } from "../../ops/list.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { PAGING, sortOf } from "../../ops/selection.ts";
import { formatAge, formatTime } from "../../terminal/times.ts";

export const audit = opsCommand({
  options: {
    actor: { value: "name", summary: "Who did it" },
    target: { value: "id", summary: "Letter, group or run that it was done to" },
    action: { value: "action", summary: "What was done, such as letter.replay or run.start" },
    since: { value: "time", summary: "Start of the time range: done at or after this time (RFC 3339)" },
    until: { value: "time", summary: "End of the time range: done before this time (RFC 3339)" },
    ...sortOf("audit"),
    ...PAGING,
  },
  examples: ["concord dlq audit --actor ann@example.com", "concord dlq audit --action letter.unmask --all"],
  run: (context, { actor, target, action, since, until, sort, first, all }) =>
    printList<"audit", Audit>(context, {
      path: "/audit",
      name: "audit",
      query: { actor, target, action, since, until, sort },
      first,
      all,
      columns: [
        { title: "TIME", value: ({ at }) => formatTime(at) },
        {
          title: "AGE",
          value: ({ at }) => formatAge(at, context.nowMs),
          align: "right",
          dropOrder: 1,
          tone: () => "faint",
        },
        { title: "ACTOR", value: ({ actor: name, role }) => `${name} (${role})`, maxWidth: 36, minWidth: 12 },
        { title: "ACTION", value: ({ action: what }) => what },
        { title: "TARGET", value: ({ target: what }) => what, maxWidth: 40, minWidth: 12 },
        { title: "REASON", value: ({ reason, after }) => reason ?? JSON.stringify(after ?? "") },
      ],
      nothing: "no entries of the audit log match",
    }),
});
