import { existsSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { isEndLine } from "../../../src/shared/desk/end-line.ts";
import { type Desk, deskCommand } from "../../desk/command.ts";
import { linesOf } from "../../desk/lines.ts";
import { ProgressLine } from "../../desk/progress-line.ts";
import { FILTER, filterOf } from "../../desk/selection.ts";
import { EXIT, ExitError } from "../../exit-error.ts";

export const exportLetters = deskCommand({
  name: "export",
  options: {
    ...FILTER,
    out: { type: "string", description: "The file; else standard output" },
    overwrite: { type: "boolean", description: "Writes over a file that is there" },
  },
  run: async (desk, { out, overwrite, ...filter }) => {
    if (!out) {
      let count = 0;
      for await (const { line, isLetter } of exportedLines(desk, filterOf(filter))) {
        if (isLetter) count++;
        desk.output.json(line);
      }
      if (count === 0) throw nothing();
      return;
    }
    if (!overwrite && existsSync(out))
      throw new ExitError(EXIT.conflict, `${out} is there already, and stays. Say --overwrite, or another --out`);
    const letters = await exportTo(desk, filterOf(filter), out);
    if (desk.isJson) desk.output.json(JSON.stringify({ letters, out }));
    else desk.terminal.note(`${letters} letters are in ${out}, unmasked: keep it as you keep what is personal`);
    if (letters === 0) throw nothing();
  },
});

const nothing = () => new ExitError(EXIT.nothing, "no dead letters match");

/** A file under its name is a whole one: until it is, it has another. */
async function exportTo(desk: Desk, filter: Record<string, string>, out: string): Promise<number> {
  const part = `${out}.part`;
  const progress = new ProgressLine(desk.isJson ? undefined : desk.terminal.screen, desk.terminal.now);
  let letters = 0;
  const lines = async function* () {
    for await (const { line, isLetter } of exportedLines(desk, filter)) {
      if (isLetter) progress.show(++letters, null, "letters");
      yield `${line}\n`;
    }
  };
  // Whoever left a part behind may have left it readable by all.
  rmSync(part, { force: true });
  // A stream would open it later, perhaps after it was removed because of an error.
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

/** Lines of an export as they arrive, byte for byte, down to the one that says it is whole. */
export async function* exportedLines(
  { client }: Pick<Desk, "client">,
  filter: Record<string, string>,
): AsyncGenerator<ExportedLine> {
  let isWhole = false;
  let count = 0;
  for await (const line of linesOf(client.stream("/export", filter))) {
    isWhole = isEndLine(line);
    if (!isWhole) count++;
    yield { line, isLetter: !isWhole };
  }
  if (isWhole) return;
  throw new ExitError(
    EXIT.fault,
    `the export broke off after ${count} letters, so it is not whole. Take it again, in parts by --since and --until`,
  );
}
