import { existsSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { isEndLine } from "#letters/end-line.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { readLines } from "../../ops/lines.ts";
import { type OpsContext, opsCommand } from "../../ops/ops-command.ts";
import { FILTER, filterOf } from "../../ops/selection.ts";
import { counted } from "../../terminal/counted.ts";
import { Progress } from "../../terminal/progress.ts";

export const exportLetters = opsCommand({
  details: "One letter a line, with the exact text of its payload. The last line says that the export is complete.",
  options: {
    ...FILTER,
    out: { value: "file", summary: "File to write (default standard output)" },
    overwrite: { summary: "Replace the file if it exists" },
  },
  examples: ["concord dlq export --topic device.elt.profile.updated --out letters.ndjson"],
  run: async (context, { out, overwrite, ...filter }) => {
    if (!out) {
      let count = 0;
      for await (const { line, isLetter } of exportedLines(context, filterOf(filter))) {
        if (isLetter) count++;
        context.output.json(line);
      }
      if (count === 0) throw noMatch();
      return;
    }
    if (!overwrite && existsSync(out))
      throw new ExitError(EXIT.conflict, `${out} exists and was not changed. Add --overwrite, or choose another --out`);
    const letters = await exportTo(context, filterOf(filter), out);
    if (context.isJson) context.output.json(JSON.stringify({ letters, out }));
    else
      context.terminal.note(
        `${counted(letters, "letter")} written to ${out}, unmasked. Treat the file as personal data`,
      );
    if (letters === 0) throw noMatch();
  },
});

const noMatch = () => new ExitError(EXIT.nothing, "no dead letters match");

/** Writes the export to `{out}.part`, and renames it when it is complete: a file called `out` is never half an export. */
async function exportTo(context: OpsContext, filter: Record<string, string>, out: string): Promise<number> {
  const part = `${out}.part`;
  const progress = new Progress(context.isJson ? undefined : context.terminal.screen, context.terminal.now);
  let letters = 0;
  const lines = async function* () {
    for await (const { line, isLetter } of exportedLines(context, filter)) {
      if (isLetter) progress.show(++letters, null, "letters");
      yield `${line}\n`;
    }
  };
  // A part that was left behind may be readable by everybody.
  rmSync(part, { force: true });
  // Opened here: a stream opens its file later, perhaps after an error has removed it.
  const file = await open(part, "wx", 0o600);
  try {
    await pipeline(lines, file.createWriteStream());
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    progress.end();
  }
  renameSync(part, out);
  return letters;
}

type ExportedLine = { readonly line: string; readonly isLetter: boolean };

/**
 * The lines of an export as they arrive, byte for byte, with the last one, which says that it is complete.
 * @throws ExitError when that line is missing
 */
export async function* exportedLines(
  { client }: Pick<OpsContext, "client">,
  filter: Record<string, string>,
): AsyncGenerator<ExportedLine> {
  let isComplete = false;
  let count = 0;
  for await (const line of readLines(client.stream("/export", filter))) {
    isComplete = isEndLine(line);
    if (!isComplete) count++;
    yield { line, isLetter: !isComplete };
  }
  if (isComplete) return;
  throw new ExitError(
    EXIT.fault,
    `the export broke off after ${counted(count, "letter")} and is incomplete. Try again with a smaller time range: --since, --until`,
  );
}
