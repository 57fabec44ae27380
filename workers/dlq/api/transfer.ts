import { Hono } from "hono";
import * as z from "zod";
import { endLine, isEndLine } from "../../../src/shared/desk/end-line.ts";
import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import { type DeskEnv, only } from "../../../src/shared/desk/http/gate.ts";
import { readBy } from "../../../src/shared/desk/http/reading.ts";
import { readAtMost } from "../../../src/shared/http/body.ts";
import { exportLine, readExportLine } from "../../../src/shared/desk/ndjson.ts";
import type { LetterPosition, StoredLetter } from "../../../src/shared/repositories/dead-letter.ts";
import { type DeskDeps, told } from "./desk.ts";
import { conditionOf, Filter } from "./selection.ts";

const Query = z.strictObject(Filter);

/** Letters of a page of an export, and lines of one write of an import. */
const CHUNK = 100;

/** Of an import. Ours: a Worker has 128 MB for everything, and D1 answers a thousand statements of a request. */
const MAX_IMPORT_BYTES = 32 * 1024 * 1024;
const MAX_IMPORT_LINES = 500;

/** Of one line: a letter that D1 keeps, written as JSON text within JSON text. */
const MAX_LINE_LENGTH = 5 * 1024 * 1024;
const TOO_LONG = { ok: false, message: `has more than ${MAX_LINE_LENGTH} characters, which no letter has` } as const;

/** Line by line, so that reading ends where there are too many. */
function* linesOf(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let start = 0;
  for (let number = 1; start <= text.length; number++) {
    const feed = text.indexOf("\n", start);
    const end = feed < 0 ? text.length : feed;
    yield { line: text.slice(start, end), number };
    start = end + 1;
  }
}

/** Letters out of the desk and into it, a line each, with the exact text of what they hold. */
export function transferRoutes(deps: DeskDeps) {
  const { letters, audit } = deps;
  const app = new Hono<DeskEnv>();

  app.get("/export", only("admin"), async (c) => {
    const query = readBy(Query, c.req.query(), "Nothing was exported, because of the query");
    if (!query.ok) return query.response;
    await audit.add(told(c, deps, "export", { target: JSON.stringify(c.req.query()) }).entry);
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
    const refused: { line: number; message: string }[] = [];
    const read: StoredLetter[] = [];
    for (const { line, number } of linesOf(new TextDecoder().decode(bytes))) {
      if (number > MAX_IMPORT_LINES + 1) {
        return errorResponse(
          "too_many",
          `Nothing was imported: send at most ${MAX_IMPORT_LINES} lines at once, in parts.`,
        );
      }
      if (line.trim() === "" || isEndLine(line)) continue;
      const letter = line.length > MAX_LINE_LENGTH ? TOO_LONG : readExportLine(line);
      if (letter.ok) read.push(letter.letter);
      else refused.push({ line: number, message: letter.message });
    }
    let imported = 0;
    for (let i = 0; i < read.length; i += CHUNK) imported += await letters.importAll(read.slice(i, i + CHUNK));
    const known = read.length - imported;
    await audit.add(
      told(c, deps, "import", { target: "letters", after: { imported, known, refused: refused.length } }).entry,
    );
    return c.json({ imported, known, refused });
  });
  return app;
}
