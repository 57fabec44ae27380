import { existsSync, readFileSync } from "node:fs";
import type { GroupEdit, Letter } from "../../../src/shared/desk/api.ts";
import { type Desk, deskCommand } from "../../desk/command.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";

export const edit = deskCommand({
  name: "edit",
  positionals: [{ name: "id", description: "The letter's id", required: false }],
  options: {
    group: { type: "string", description: "All letters of this group; shows what would come of it unless --apply" },
    patch: { type: "string", description: "RFC 6902 as JSON, or the file that holds it" },
    because: { type: "string", description: "Why, for the audit log" },
    reason: { type: "string", description: "The same as --because" },
    unmask: { type: "string", description: "Lets the patch test what is masked; say why, for the audit log" },
    revision: { type: "string", description: "Of the letter as you saw it; refused if it has another by now" },
    apply: { type: "boolean", description: "Does it, to a group" },
  },
  run: async (desk, { group, patch, because, reason = because, unmask, revision, apply }, id = "") => {
    if (!patch || !reason) throw new UsageError(`say what and why: --patch '[{"op":"add",…}]' --because "…"`);
    if (because !== undefined && reason !== because) throw new UsageError("--because and --reason say two things");
    if ((id === "") === (group === undefined)) throw new UsageError("name one letter, or --group");
    if (revision !== undefined && !/^\d{1,9}$/.test(revision)) throw new UsageError("--revision has to be a number");
    const change = { patch: patchOf(patch), reason, ...(unmask !== undefined && { unmask }) };
    if (group !== undefined) {
      if (revision !== undefined) throw new UsageError("--revision is a letter's, not a group's");
      return editGroup(desk, group, { ...change, apply: apply === true });
    }
    if (apply) throw new UsageError("--apply goes with --group; one letter is edited without it");
    const path = `/dead-letters/${encodeURIComponent(id)}`;
    const seen = revision === undefined ? (await desk.client.get<Letter>(path)).revision : Number(revision);
    const letter = await desk.client.patch<Letter>(path, { ...change, revision: seen });
    desk.print(letter, () => [
      `${letter.id} is at revision ${letter.revision}; replay it with: concord dlq replay --id ${letter.id} --name "…"`,
    ]);
  },
});

async function editGroup({ client, print, terminal: { paint } }: Desk, group: string, body: { apply: boolean }) {
  const answer = await client.post<GroupEdit>(`/groups/${encodeURIComponent(group)}/edit`, body);
  const { letters, pass, applied, fail, samples } = answer;
  print(answer, () => [
    `${pass} of ${letters} would pass their contract then${body.apply ? `; ${applied} were edited` : ", and none was edited: say --apply"}`,
    ...fail.issues.map(({ path, code, count }) => paint.bad(`  ✗ ${count} still: ${code} at ${path || "value"}`)),
    ...samples.flatMap(({ id, before, after, issues }) => [
      id,
      paint.bad(`  - ${before ?? "nothing"}`),
      after === null
        ? `  ✗ ${issues.map(({ path, message }) => `${path || "value"}: ${message}`).join("; ")}`
        : paint.good(`  + ${after}`),
    ]),
  ]);
  if (pass === 0) throw new ExitError(EXIT.conflict, "no letter would pass with this patch");
}

/** JSON, or a file that holds it, with or without an `@`. */
function patchOf(text: string): unknown {
  const file = text.startsWith("@") ? text.slice(1) : !/^\s*[[{]/.test(text) && existsSync(text) ? text : undefined;
  try {
    return JSON.parse(file === undefined ? text : readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--patch is no JSON Patch: ${(error as Error).message}`);
  }
}
