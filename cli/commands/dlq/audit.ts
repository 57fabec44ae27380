import type { Audit } from "../../../src/shared/desk/api.ts";
import { deskCommand } from "../../desk/command.ts";
import { printList } from "../../desk/list.ts";
import { PAGING } from "../../desk/selection.ts";
import { agoOf, stampOf } from "../../desk/times.ts";

export const audit = deskCommand({
  name: "audit",
  options: {
    actor: { type: "string", description: "By whom" },
    target: { type: "string", description: "To which letter, group or run" },
    action: { type: "string", description: "As letter.replay, run.start" },
    ...PAGING,
  },
  run: (desk, { actor, target, action, first, all }) =>
    printList<"audit", Audit>(desk, {
      path: "/audit",
      name: "audit",
      query: { actor, target, action },
      first,
      all,
      columns: [
        { title: "AT", of: ({ at }) => stampOf(at) },
        { title: "AGO", of: ({ at }) => agoOf(at, desk.nowMs), align: "right", goes: 1, tone: () => "faint" },
        { title: "WHO", of: ({ actor: who, role }) => `${who} (${role})`, most: 36, least: 12 },
        { title: "DID", of: ({ action: did }) => did },
        { title: "TO", of: ({ target: what }) => what, most: 40, least: 12 },
        { title: "WHY", of: ({ reason, after }) => reason ?? JSON.stringify(after ?? "") },
      ],
      nothing: "nothing like that was done",
    }),
});
