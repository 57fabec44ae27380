import { createReadStream, createWriteStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isEndLine } from "../../../src/shared/desk/end-line.ts";
import { deskCommand, FILTER, filterOf } from "../../desk/command.ts";
import { linesOf } from "../../desk/lines.ts";
import { ProgressLine } from "../../desk/progress-line.ts";
import { EXIT, ExitError } from "../../exit-error.ts";
import { UsageError } from "../../usage-error.ts";

export const exportLetters = deskCommand({
  name: "export",
  description: "Letters as NDJSON, a line each, with the exact text of their payloads; for an admin",
  options: { ...FILTER, out: { type: "string", description: "The file; else standard output" } },
  run: async ({ client }, { out, ...filter }) => {
    const lines = Readable.fromWeb((await client.stream("/export", filterOf(filter))) as never);
    let count = 0;
    let isWhole = false;
    const progress = new ProgressLine(out ? process.stderr : undefined);
    const letters = async function* () {
      for await (const line of linesOf(lines)) {
        isWhole = isEndLine(line);
        if (!isWhole) progress.show(++count, count + 1, "letters");
        yield `${line}\n`;
      }
    };
    await pipeline(letters, out ? createWriteStream(out, { mode: 0o600 }) : process.stdout, { end: out !== undefined });
    progress.end();
    if (!isWhole)
      throw new ExitError(
        EXIT.fault,
        `the export broke off after ${count} letters: take it again, in parts by --since and --until`,
      );
    if (!out) return;
    console.error(`${count} letters are in ${out}, unmasked: keep it as you keep what is personal`);
    if (count === 0) throw new ExitError(EXIT.nothing, "no dead letter is like that");
  },
});

/** Of an import, at most so many at once: the desk takes 32 MB. */
const LINES = 200;

type Imported = { imported: number; known: number; refused: { line: number; message: string }[] };

export const importLetters = deskCommand({
  name: "import",
  description: "Takes such a file in; letters that are known stay as they are; for an admin",
  positional: { name: "file", description: "NDJSON, as export writes it" },
  run: async ({ client, print }, _, file) => {
    if (!existsSync(file)) throw new UsageError(`there is no file ${file}`);
    const total: Imported = { imported: 0, known: 0, refused: [] };
    let before = 0;
    const send = async (lines: readonly string[]) => {
      const { imported, known, refused } = await client.post<Imported>("/import", lines.join("\n"));
      total.imported += imported;
      total.known += known;
      total.refused.push(...refused.map(({ line, message }) => ({ line: line + before, message })));
      before += lines.length;
    };
    let lines: string[] = [];
    for await (const line of linesOf(createReadStream(file))) {
      if (lines.push(line) < LINES) continue;
      await send(lines);
      lines = [];
    }
    if (lines.length > 0) await send(lines);
    print(total, () => [
      `${total.imported} imported, ${total.known} known already, ${total.refused.length} refused`,
      ...total.refused.map(({ line, message }) => `  line ${line}: ${message}`),
    ]);
    if (total.refused.length > 0) throw new ExitError(EXIT.conflict, "the lines above were not taken; the others were");
  },
});

type Exported = {
  readonly id: string;
  readonly record: {
    readonly topic: string;
    readonly key: string | null;
    readonly value: string | null;
    readonly encoding?: string;
  };
  readonly failure: { readonly reason: string; readonly issues?: unknown };
};

export const fixtures = deskCommand({
  name: "fixtures",
  description:
    "Writes letters as files that a contract's test can read: a folder a topic, a file a letter; for an admin",
  options: {
    ...FILTER,
    out: { type: "string", description: "The folder" },
    limit: { type: "string", description: "How many at most (20)" },
    overwrite: { type: "boolean", description: "Writes over files that are there" },
  },
  run: async ({ client, print }, { out, limit = "20", overwrite, ...filter }) => {
    if (!out) throw new UsageError("say where: --out test/fixtures");
    const most = Number(limit);
    if (!Number.isInteger(most) || most < 1) throw new UsageError("--limit has to be a whole number above 0");
    const written: string[] = [];
    const lines = Readable.fromWeb((await client.stream("/export", filterOf(filter))) as never);
    for await (const line of linesOf(lines)) {
      if (written.length >= most || isEndLine(line)) break;
      const { id, record, failure } = JSON.parse(line) as Exported;
      const folder = join(out, safe(record.topic));
      const file = join(folder, `${safe(id)}.json`);
      if (!overwrite && existsSync(file))
        throw new ExitError(
          EXIT.conflict,
          `${file} is there already; ${written.length} were written. Say --overwrite, or another --out`,
        );
      mkdirSync(folder, { recursive: true });
      const { topic, key, value, encoding } = record;
      const fixture = {
        topic,
        key,
        value,
        ...(encoding && { encoding }),
        reason: failure.reason,
        ...(failure.issues !== undefined && { issues: failure.issues }),
      };
      writeFileSync(file, `${JSON.stringify(fixture, null, 2)}\n`, { mode: 0o600 });
      written.push(file);
    }
    lines.destroy();
    print({ files: written }, () => [
      ...written,
      `${written.length} fixtures, unmasked: take out what is personal before you commit them`,
    ]);
    if (written.length === 0) throw new ExitError(EXIT.nothing, "no dead letter is like that");
  },
});

/** Topics and ids are clients' text, and a file's name is a path. */
const safe = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 120) || "_";
