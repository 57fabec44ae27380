import { Hono } from "hono";
import * as z from "zod";
import { readAtMost } from "#base/body.ts";
import { LINE_FEED } from "#json/characters.ts";
import { endLine, isEndLine } from "#letters/end-line.ts";
import type { StoredLetter } from "#letters/repositories/dead-letter.ts";
import type { NumberPosition } from "#repositories/number-order.ts";
import { exportLine, readExportLine } from "../letter-line.ts";
import { audited, type OpsDeps } from "./deps.ts";
import { errorResponse } from "./http/error.ts";
import { type OpsEnv, only } from "./http/gate.ts";
import { parseInput } from "./http/reading.ts";
import { Filter, toCondition } from "./selection.ts";

const Query = z.strictObject(Filter);

/** Letters per page of an export, and lines per write of an import. */
const CHUNK = 100;

/**
 * Most bytes and lines of one import. Ours: a Worker has 128 MB of memory, in which each byte is text, part of a letter
 * and part of a statement at once, and a request may run 1,000 statements in D1.
 */
const MAX_IMPORT_BYTES = 8 * 1024 * 1024;
const MAX_IMPORT_LINES = 500;

/** Characters of lines after which an import writes. */
const WRITTEN_AT_ONCE = 1024 * 1024;

/** Most characters of one line: D1's limit for a letter, with room for the escapes of JSON within JSON. */
const MAX_LINE_LENGTH = 5 * 1024 * 1024;
const TOO_LONG = {
  ok: false,
  message: `has more than ${MAX_LINE_LENGTH} characters, the most that a letter may have`,
} as const;

/** The lines of a body, one at a time, so that only the current line is decoded. */
function* splitLines(bytes: Uint8Array): Generator<{ readonly line: Uint8Array; readonly number: number }> {
  let start = 0;
  for (let number = 1; start <= bytes.length; number++) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed;
    yield { line: bytes.subarray(start, end), number };
    start = end + 1;
  }
}

/** The number of lines; counting stops at `atMost`. */
function countLines(bytes: Uint8Array, atMost: number): number {
  let lines = 0;
  for (const _ of splitLines(bytes)) if (++lines === atMost) break;
  return lines;
}

/** Exports and imports letters, one line each, with the exact text of their payloads. */
export function transferRoutes(deps: OpsDeps) {
  const { letters, audit } = deps;
  const app = new Hono<OpsEnv>();

  app.get("/export", only("admin"), async (c) => {
    const query = parseInput(Query, c.req.query(), "Nothing was exported, because of the query");
    if (!query.ok) return query.response;
    await audit.add(audited(c, deps, "export", { target: JSON.stringify(c.req.query()) }).entry);
    const condition = toCondition(query.data);
    let after: NumberPosition | undefined;
    const encoder = new TextEncoder();
    let count = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const page = await letters.list({ ...condition, first: CHUNK, after });
        const lines = page.letters
          .filter(({ emptiedAtMs }) => emptiedAtMs === null)
          .map((each) => `${exportLine(each)}\n`);
        count += lines.length;
        // The last line says that the export is complete.
        if (!page.next) lines.push(endLine(count));
        if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
        after = page.next ?? undefined;
        if (!page.next) controller.close();
        // A pull that enqueues nothing would leave the reader waiting.
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
        `Nothing was imported: the body has more than ${MAX_IMPORT_BYTES} bytes. Send it in parts.`,
      );
    }
    // The line feed at the end and the line that ends an export do not count as letters.
    if (countLines(bytes, MAX_IMPORT_LINES + 2) > MAX_IMPORT_LINES + 1) {
      return errorResponse(
        "too_many",
        `Nothing was imported: the body has more than ${MAX_IMPORT_LINES} lines. Send it in parts.`,
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
    for (const { line: encoded, number } of splitLines(bytes)) {
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
