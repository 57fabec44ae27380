import { createReadStream, type Stats, statSync } from "node:fs";
import { isEndLine } from "#letters/end-line.ts";
import { UsageError } from "../../command/usage-error.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { NotUtf8, readLines } from "../../ops/lines.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { counted } from "../../terminal/counted.ts";
import { Progress } from "../../terminal/progress.ts";

/**
 * Limits of one request. The operations API takes 500 lines and 8 MiB. A line may have up to 4 MiB; one that is longer
 * than MAX_BYTES is sent alone.
 */
const MAX_LINES = 200;
const MAX_BYTES = 4_000_000;

type Imported = { imported: number; known: number; refused: { line: number; message: string }[] };

export const importLetters = opsCommand({
  arguments: { file: { summary: "NDJSON file that `concord dlq export` wrote" } },
  examples: ["concord dlq import letters.ndjson"],
  run: async ({ client, print, terminal, isJson }, { file }) => {
    const bytes = statFile(file).size;
    const total: Imported = { imported: 0, known: 0, refused: [] };
    const progress = new Progress(isJson ? undefined : terminal.screen, terminal.now);
    let read = 0;
    let sentLines = 0;
    let isComplete = false;
    const chunks = async function* () {
      for await (const chunk of createReadStream(file)) {
        yield chunk as Uint8Array;
        read += chunk.length;
      }
    };
    try {
      for await (const lines of splitIntoBatches(readLines(chunks()))) {
        const { imported, known, refused } = await client.post<Imported>("/import", lines.join("\n"));
        total.imported += imported;
        total.known += known;
        total.refused.push(...refused.map(({ line, message }) => ({ line: line + sentLines, message })));
        sentLines += lines.length;
        isComplete = lines.some(isEndLine);
        progress.show(read, bytes, `bytes, ${total.imported} imported, ${total.known} already known`);
      }
    } catch (error) {
      throw importError(error as Error, total, { file, sentLines });
    } finally {
      progress.end();
    }
    print(total, () => [
      `${total.imported} imported, ${total.known} already known, ${total.refused.length} refused`,
      ...total.refused.map(({ line, message }) => `  line ${line}: ${message}`),
    ]);
    if (!isComplete) terminal.note(`${file} does not end as a complete export does: letters may be missing at its end`);
    if (total.refused.length > 0)
      throw new ExitError(EXIT.conflict, "the lines above were refused; all others were imported");
    if (total.imported + total.known === 0) throw new ExitError(EXIT.nothing, `${file} holds no letters`);
  },
});

function statFile(file: string): Stats {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`the file ${file} does not exist`);
  if (stat.isDirectory()) throw new UsageError(`${file} is a folder`);
  return stat;
}

async function* splitIntoBatches(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const more = Buffer.byteLength(line) + 1;
    if (batch.length === MAX_LINES || (batch.length > 0 && bytes + more > MAX_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

/** Says what was imported before the error, and that the file can be imported again. */
function importError(error: Error, { imported, known }: Imported, at: { file: string; sentLines: number }): Error {
  const isText = !(error instanceof NotUtf8);
  if (isText && !(error instanceof ExitError)) return error;
  const why = isText ? error.message : `${at.file} is not UTF-8 after line ${at.sentLines}.`;
  const kept =
    imported + known === 0
      ? ""
      : `\nUp to line ${at.sentLines}, ${counted(imported, "letter")} imported, ${known} already known.`;
  const again = "You can import the same file again: known letters are unchanged.";
  return new ExitError(isText ? error.code : EXIT.usage, `${why}${kept}\n${again}`);
}
