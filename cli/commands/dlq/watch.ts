import type { Audit, Group, Run } from "../../../src/shared/desk/api.ts";
import { agoOf, columnsOf } from "../../desk/columns.ts";
import { deskCommand } from "../../desk/command.ts";
import { groupColumns } from "./groups.ts";
import { runColumns } from "./runs.ts";

const EVERY_MS = 2_000;

export const watch = deskCommand({
  name: "watch",
  description: "Groups that wait and runs that go, again every two seconds, until Ctrl-C",
  options: { once: { type: "boolean", description: "Once, for a script" } },
  run: async ({ client, isJson, width }, { once }) => {
    for (;;) {
      const [{ groups }, { runs }] = await Promise.all([
        client.get<{ groups: Group[] }>("/groups", { first: "15" }),
        client.get<{ runs: Run[] }>("/runs", { first: "5" }),
      ]);
      const nowMs = Date.now();
      const waiting = groups.filter(({ state }) => state !== "resolved");
      if (isJson) console.log(JSON.stringify({ at: new Date(nowMs).toISOString(), groups: waiting, runs }));
      else {
        const clear = process.stdout.isTTY && !once ? "\u001b[2J\u001b[H" : "";
        const quiet = waiting.length === 0 ? ["  nothing waits"] : [];
        const lines = [
          ...columnsOf(waiting, groupColumns(nowMs), width),
          ...quiet,
          "",
          ...columnsOf(runs, runColumns(nowMs), width),
        ];
        console.log(clear + lines.join("\n"));
      }
      if (once) return;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  },
});

export const audit = deskCommand({
  name: "audit",
  description: "What was done at the desk, newest first",
  options: {
    actor: { type: "string", description: "By whom" },
    target: { type: "string", description: "To which letter, group or run" },
    action: { type: "string", description: "As letter.replay, run.start" },
    first: { type: "string", description: "How many, 1 to 100 (25)" },
  },
  run: async ({ client, print, width, nowMs }, { actor, target, action, first }) => {
    const answer = await client.get<{ audit: Audit[] }>("/audit", { actor, target, action, first });
    print(answer, () =>
      columnsOf(
        answer.audit,
        [
          { title: "WHEN", of: ({ at }) => agoOf(at, nowMs), align: "right" },
          { title: "WHO", of: ({ actor: who, role }) => `${who} (${role})`, most: 36 },
          { title: "DID", of: ({ action: did }) => did },
          { title: "TO", of: ({ target: what }) => what, most: 40 },
          { title: "WHY", of: ({ reason, after }) => reason ?? JSON.stringify(after ?? "") },
        ],
        width,
      ),
    );
  },
});
