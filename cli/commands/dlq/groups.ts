import { readFileSync } from "node:fs";
import type { Group, Letter } from "../../../src/shared/desk/api.ts";
import { agoOf, type Column, columnsOf } from "../../desk/columns.ts";
import { deskCommand } from "../../desk/command.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";

export const groupColumns = (nowMs: number): Column<Group>[] => [
  { title: "GROUP", of: ({ id }) => id },
  { title: "STATE", of: ({ state }) => state },
  { title: "OPEN", of: ({ counts }) => counts.open + counts.quarantined, align: "right" },
  { title: "GOING", of: ({ counts }) => counts.replaying, align: "right" },
  { title: "DONE", of: ({ counts }) => counts.resolved + counts.discarded, align: "right" },
  { title: "LAST", of: ({ lastFailedAt }) => agoOf(lastFailedAt, nowMs), align: "right" },
  { title: "WHAT", of: ({ signature }) => signature },
];

export const groups = deskCommand({
  name: "groups",
  description: "Kinds of failure, with how many letters each has",
  options: {
    state: { type: "string", description: "open, acknowledged, resolved, ignored or regressed" },
    topic: { type: "string", description: "A topic" },
    reason: { type: "string", description: "Why it failed" },
    first: { type: "string", description: "How many, 1 to 100 (25)" },
  },
  run: async ({ client, print, width, nowMs }, query) => {
    const { state, topic, reason, first } = query;
    const answer = await client.get<{ groups: Group[]; nextCursor: string | null }>("/groups", {
      state,
      topic,
      reason,
      first,
    });
    print(answer, () => columnsOf(answer.groups, groupColumns(nowMs), width));
    if (answer.groups.length === 0) throw new ExitError(EXIT.nothing, "no group is like that");
  },
});

export const state = deskCommand({
  name: "state",
  description: "Says where a group stands: acknowledged, resolved, ignored or open",
  positional: { name: "group", description: "The group's id" },
  options: {
    to: { type: "string", description: "acknowledged, resolved, ignored or open" },
    note: { type: "string", description: "What the next one should know" },
  },
  run: async ({ client, print }, { to, note }, id) => {
    if (!to) throw new UsageError("say --to acknowledged, resolved, ignored or open");
    const group = await client.post<Group>(`/groups/${encodeURIComponent(id)}/state`, {
      state: to,
      ...(note && { note }),
    });
    print(group, () => [`${group.id} is ${group.state}`]);
  },
});

type GroupEdit = {
  readonly letters: number;
  readonly pass: number;
  readonly fail: { readonly count: number; readonly issues: readonly { path: string; code: string; count: number }[] };
  readonly applied: number;
};

export const edit = deskCommand({
  name: "edit",
  description: "Mends a letter, or with --group all of a group, by a JSON Patch; a replay sends what comes of it",
  positional: { name: "id", description: "The letter's id", required: false },
  options: {
    group: { type: "string", description: "All letters of this group; shows what would come of it unless --apply" },
    patch: { type: "string", description: "RFC 6902 as JSON, or @file that holds it" },
    because: { type: "string", description: "Why, for the audit log" },
    apply: { type: "boolean", description: "Does it, to a group" },
  },
  run: async ({ client, print }, { group, patch, because, apply }, id) => {
    if (!patch || !because) throw new UsageError(`say what and why: --patch '[{"op":"add",…}]' --because "…"`);
    if ((id === "") === (group === undefined)) throw new UsageError("name one letter, or --group");
    const operations = patchOf(patch);
    if (group === undefined) {
      const { revision } = await client.get<Letter>(`/dead-letters/${encodeURIComponent(id)}`);
      const letter = await client.patch<Letter>(`/dead-letters/${encodeURIComponent(id)}`, {
        patch: operations,
        reason: because,
        revision,
      });
      return print(letter, () => [
        `${letter.id} is at revision ${letter.revision}; replay it with: concord dlq replay --id ${letter.id}`,
      ]);
    }
    const body = { patch: operations, reason: because, apply: apply === true };
    const answer = await client.post<GroupEdit>(`/groups/${encodeURIComponent(group)}/edit`, body);
    print(answer, () => [
      `${answer.pass} of ${answer.letters} would pass their contract then${apply ? `; ${answer.applied} were edited` : ", and none was edited: say --apply"}`,
      ...answer.fail.issues.map(({ path, code, count }) => `  ✗ ${count} still: ${code} at ${path || "value"}`),
    ]);
    if (answer.pass === 0) throw new ExitError(EXIT.conflict, "no letter would pass with this patch");
  },
});

function patchOf(text: string): unknown {
  try {
    return JSON.parse(text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text);
  } catch (error) {
    throw new UsageError(`--patch is no JSON Patch: ${(error as Error).message}`);
  }
}
