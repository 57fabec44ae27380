import { createReadStream, statSync } from "node:fs";
import { isEndLine } from "../../../src/shared/desk/end-line.ts";
import { deskCommand } from "../../desk/command.ts";
import { linesOf, NotUtf8 } from "../../desk/lines.ts";
import { ProgressLine } from "../../desk/progress-line.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";

/** Of one request. The desk takes 500 lines and 8 MiB; a line may have four, escapes and all, and then goes alone. */
const MOST_LINES = 200;
const MOST_BYTES = 4_000_000;

type Imported = { imported: number; known: number; refused: { line: number; message: string }[] };

export const importLetters = deskCommand({
  name: "import",
  positionals: [{ name: "file", description: "NDJSON, as export writes it" }],
  run: async ({ client, print, terminal, isJson }, _, file = "") => {
    const bytes = sizeOf(file);
    const total: Imported = { imported: 0, known: 0, refused: [] };
    const progress = new ProgressLine(isJson ? undefined : terminal.screen, terminal.now);
    let read = 0;
    let before = 0;
    let isWhole = false;
    const chunks = async function* () {
      for await (const chunk of createReadStream(file)) {
        yield chunk as Uint8Array;
        read += chunk.length;
      }
    };
    try {
      for await (const lines of batchesOf(linesOf(chunks()))) {
        const { imported, known, refused } = await client.post<Imported>("/import", lines.join("\n"));
        total.imported += imported;
        total.known += known;
        total.refused.push(...refused.map(({ line, message }) => ({ line: line + before, message })));
        before += lines.length;
        isWhole = lines.some(isEndLine);
        progress.show(read, bytes, `bytes, ${total.imported} imported, ${total.known} known already`);
      }
    } catch (error) {
      throw brokenOff(error as Error, total, { file, before });
    } finally {
      progress.end();
    }
    print(total, () => [
      `${total.imported} imported, ${total.known} known already, ${total.refused.length} refused`,
      ...total.refused.map(({ line, message }) => `  line ${line}: ${message}`),
    ]);
    if (!isWhole) terminal.note(`${file} has no last line as export writes it: letters may be missing behind the last`);
    if (total.refused.length > 0) throw new ExitError(EXIT.conflict, "the lines above were not taken; the others were");
    if (total.imported + total.known === 0) throw new ExitError(EXIT.nothing, `${file} holds no letter`);
  },
});

function sizeOf(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`there is no file ${file}`);
  if (stat.isDirectory()) throw new UsageError(`${file} is a folder`);
  return stat.size;
}

async function* batchesOf(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const more = Buffer.byteLength(line) + 1;
    if (batch.length === MOST_LINES || (batch.length > 0 && bytes + more > MOST_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

/** What was taken in stays: the message says so, and that it may be said again. */
function brokenOff(error: Error, { imported, known }: Imported, at: { file: string; before: number }): Error {
  const isText = !(error instanceof NotUtf8);
  if (isText && !(error instanceof ExitError)) return error;
  const why = isText ? error.message : `${at.file} is not UTF-8 somewhere behind line ${at.before}.`;
  const kept =
    imported + known === 0
      ? ""
      : `\nUp to line ${at.before}, ${imported} were imported and ${known} were known already.`;
  const again = "The same file may be imported again: what is known stays as it is.";
  return new ExitError(isText ? error.code : EXIT.usage, `${why}${kept}\n${again}`);
}
