import { Hono } from "hono";
import * as z from "zod";
import { endLine, isEndLine } from "../../../src/shared/desk/end-line.ts";
import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import { type DeskEnv, only } from "../../../src/shared/desk/http/gate.ts";
import { readBy } from "../../../src/shared/desk/http/reading.ts";
import { readAtMost } from "../../../src/shared/http/body.ts";
import { LINE_FEED } from "../../../src/shared/json/characters.ts";
import type { LetterPosition, StoredLetter } from "../../../src/shared/repositories/dead-letter.ts";
import { exportLine, readExportLine } from "../letter-line.ts";
import { audited, type DeskDeps } from "./desk.ts";
import { conditionOf, Filter } from "./selection.ts";

const Query = z.strictObject(Filter);

/** Letters of a page of an export, and lines of one write of an import. */
const CHUNK = 100;

/**
 * Of an import. Ours: a Worker has 128 MB for everything, where each byte is text, a letter and a statement at once, and
 * D1 answers a thousand statements of a request.
 */
const MAX_IMPORT_BYTES = 8 * 1024 * 1024;
const MAX_IMPORT_LINES = 500;

/** Characters of the lines of one write. */
const WRITTEN_AT_ONCE = 1024 * 1024;

/** Of one line: a letter that D1 keeps, written as JSON text within JSON text. */
const MAX_LINE_LENGTH = 5 * 1024 * 1024;
const TOO_LONG = { ok: false, message: `has more than ${MAX_LINE_LENGTH} characters, which no letter has` } as const;

/** Line by line, so that no more of it is text than is being read, and reading ends where there are too many. */
function* linesOf(bytes: Uint8Array): Generator<{ readonly line: Uint8Array; readonly number: number }> {
  let start = 0;
  for (let number = 1; start <= bytes.length; number++) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed;
    yield { line: bytes.subarray(start, end), number };
    start = end + 1;
  }
}

/** How many lines there are, counted no further than that. */
function countLines(bytes: Uint8Array, atMost: number): number {
  let lines = 0;
  for (const _ of linesOf(bytes)) if (++lines === atMost) break;
  return lines;
}

/** Letters out of the desk and into it, a line each, with the exact text of what they hold. */
export function transferRoutes(deps: DeskDeps) {
  const { letters, audit } = deps;
  const app = new Hono<DeskEnv>();

  app.get("/export", only("admin"), async (c) => {
    const query = readBy(Query, c.req.query(), "Nothing was exported, because of the query");
    if (!query.ok) return query.response;
    await audit.add(audited(c, deps, "export", { target: JSON.stringify(c.req.query()) }).entry);
    const condition = conditionOf(query.data);
    let after: LetterPosition | undefined;
    const encoder = new TextEncoder();
    let count = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const page = await letters.list({ ...condition, first: CHUNK, after });
        const lines = page.letters
          .filter(({ emptiedAtMs }) => emptiedAtMs === null)
          .map((each) => `${exportLine(each)}\n`);
        count += lines.length;
        // Whoever reads to the end knows by the last line that it was the end.
        if (!page.next) lines.push(endLine(count));
        if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
        after = page.next ?? undefined;
        if (!page.next) controller.close();
        // A page without a line must not leave the reader waiting.
        else if (lines.length === 0) await this.pull?.(controller);
      },
    });
    return new Response(body, { headers: { "Content-Type": "application/x-ndjson; charset=utf-8" } });
  });

  app.post("/import", only("admin"), async (c) => {
    const bytes = await readAtMost(c.req.raw, MAX_IMPORT_BYTES);
    if (!bytes) {
      return errorResponse(
        "too_many",
        `Nothing was imported: send at most ${MAX_IMPORT_BYTES} bytes at once, in parts.`,
      );
    }
    // The end of the last line is no line more, and neither is the line that says that an export ended.
    if (countLines(bytes, MAX_IMPORT_LINES + 2) > MAX_IMPORT_LINES + 1) {
      return errorResponse(
        "too_many",
        `Nothing was imported: send at most ${MAX_IMPORT_LINES} lines at once, in parts.`,
      );
    }
    const refused: { line: number; message: string }[] = [];
    let [read, imported, characters] = [0, 0, 0];
    let taken: StoredLetter[] = [];
    const write = async () => {
      imported += await letters.importAll(taken);
      read += taken.length;
      [taken, characters] = [[], 0];
    };
    const decoder = new TextDecoder();
    for (const { line: encoded, number } of linesOf(bytes)) {
      const line = decoder.decode(encoded);
      if (line.trim() === "" || isEndLine(line)) continue;
      const letter = line.length > MAX_LINE_LENGTH ? TOO_LONG : readExportLine(line);
      if (!letter.ok) {
        refused.push({ line: number, message: letter.message });
        continue;
      }
      taken.push(letter.letter);
      characters += line.length;
      if (taken.length === CHUNK || characters >= WRITTEN_AT_ONCE) await write();
    }
    await write();
    const known = read - imported;
    await audit.add(
      audited(c, deps, "import", { target: "letters", after: { imported, known, refused: refused.length } }).entry,
    );
    return c.json({ imported, known, refused });
  });
  return app;
}
