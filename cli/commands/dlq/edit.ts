import { existsSync, readFileSync } from "node:fs";
import type { GroupEdit, Letter } from "#ops/api.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { type OpsContext, opsCommand } from "../../ops/ops-command.ts";
import { counted } from "../../terminal/counted.ts";

export const edit = opsCommand({
  details:
    "The original record is kept; a replay sends the edited one. With --group the effect is shown, and\n" +
    "nothing is changed without --apply.",
  arguments: { id: { summary: "Id of the letter", optional: true } },
  options: {
    group: { value: "id", summary: "Edit all letters of this group, instead of one letter" },
    patch: { value: "patch", summary: "JSON Patch (RFC 6902): JSON, or the file that holds it" },
    because: { value: "text", summary: "Why you edit, for the audit log" },
    reason: { value: "text", summary: "Same as --because" },
    unmask: { value: "text", summary: "Why the patch may test masked values, for the audit log (admin)" },
    revision: { value: "number", summary: "Revision that you edit; refused if the letter has another by now" },
    apply: { summary: "Edit the letters of the group, instead of showing the effect" },
  },
  examples: [
    `concord dlq edit 1037 --patch '[{"op":"remove","path":"/data/name"}]' --because "ticket 9"`,
    `concord dlq edit --group 5a88 --patch @patch.json --because "ticket 9" --apply`,
  ],
  run: async (context, { id, group, patch, because, reason = because, unmask, revision, apply }) => {
    if (!patch || !reason)
      throw new UsageError(`--patch and --because are required: --patch '[{"op":"add",…}]' --because "…"`);
    if (because !== undefined && reason !== because) throw new UsageError("--because and --reason differ");
    if ((id === undefined) === (group === undefined)) throw new UsageError("give the id of a letter, or --group");
    if (revision !== undefined && !/^\d{1,9}$/.test(revision)) throw new UsageError("--revision has to be a number");
    const change = { patch: readPatch(patch), reason, ...(unmask !== undefined && { unmask }) };
    if (group !== undefined) {
      if (revision !== undefined) throw new UsageError("--revision goes with one letter, not with --group");
      return editGroup(context, group, { ...change, apply: apply === true });
    }
    if (apply) throw new UsageError("--apply goes with --group; one letter is edited without it");
    const path = `/dead-letters/${encodeURIComponent(id ?? "")}`;
    const current = revision === undefined ? (await context.client.get<Letter>(path)).revision : Number(revision);
    const letter = await context.client.patch<Letter>(path, { ...change, revision: current });
    context.print(letter, () => [
      `${letter.id} is now at revision ${letter.revision}. To replay it: concord dlq replay --id ${letter.id} --name "…"`,
    ]);
  },
});

async function editGroup(
  { client, print, terminal: { paint } }: OpsContext,
  group: string,
  body: { readonly apply: boolean },
) {
  const answer = await client.post<GroupEdit>(`/groups/${encodeURIComponent(group)}/edit`, body);
  const { letters, pass, applied, fail, samples } = answer;
  const effect = body.apply
    ? `${counted(applied, "letter")} edited`
    : "no letter was edited. To edit them, add --apply";
  print(answer, () => [
    `${pass} of ${counted(letters, "letter")} pass their contract with this patch; ${effect}`,
    ...fail.issues.map(({ path, code, count }) =>
      paint("bad", `  ✗ still in ${counted(count, "letter")}: ${code} at ${path || "value"}`),
    ),
    ...samples.flatMap(({ id, before, after, issues }) => [
      id,
      paint("bad", `  - ${before ?? "nothing"}`),
      after === null
        ? `  ✗ ${issues.map(({ path, message }) => `${path || "value"}: ${message}`).join("; ")}`
        : paint("good", `  + ${after}`),
    ]),
  ]);
  if (pass === 0) throw new ExitError(EXIT.conflict, "no letter passes its contract with this patch");
}

/** Takes JSON, or the name of a file that holds it, with or without an `@`. */
function readPatch(text: string): unknown {
  const file = text.startsWith("@") ? text.slice(1) : !/^\s*[[{]/.test(text) && existsSync(text) ? text : undefined;
  try {
    return JSON.parse(file === undefined ? text : readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--patch is not a JSON Patch: ${(error as Error).message}`);
  }
}
