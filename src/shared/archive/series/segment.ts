import { compareText } from "#domain/version.ts";

/**
 * A file of sorted lines that is read by ranges: blocks of lines, each gzip, then an index of the blocks, gzip too, and at
 * the very end the length of the index. A lookup reads the end, and then the blocks that may hold what it looks for.
 */

/** What lines hold: records of events, rows of readings, or states of devices. */
export const LINE_KINDS = ["events", "readings", "states"] as const;
export type LineKind = (typeof LINE_KINDS)[number];

/** A line, what it is sorted by, and its content: one JSON text. */
export type Line = { readonly order: string; readonly content: string };

export type Lines = { readonly [kind in LineKind]: readonly Line[] };

/** What a segment is stored in. An `R2Bucket` is one. */
export type SegmentBucket = {
  readonly get: (
    name: string,
    options?: {
      readonly range?: { readonly offset: number; readonly length: number } | { readonly suffix: number };
      readonly onlyIf?: { readonly etagMatches: string };
    },
  ) => Promise<StoredSegment | Omit<StoredSegment, "arrayBuffer"> | null>;
};

type StoredSegment = {
  readonly size: number;
  readonly etag: string;
  readonly arrayBuffer: () => Promise<ArrayBuffer>;
};

/** A segment was replaced or removed while it was read: a reader lists the segments again. */
export class SegmentGone extends Error {
  constructor(name: string) {
    super(`${name} was replaced or removed while it was read; nothing was lost, read again`);
    this.name = "SegmentGone";
  }
}

/** Characters of a block's lines. Ours: what the lookup of one device decompresses at least. */
const BLOCK_LENGTH = 64 * 1024;

/** Bytes of a segment's end that are read first: all of a small segment, or the index of a large one. */
const TAIL_BYTES = 32 * 1024;

/** At the very end: the length of the index, and four bytes that say what the file is. */
const FOOTER_BYTES = 8;
const MAGIC = 0x43534731;

type Block = {
  readonly kind: LineKind;
  readonly first: string;
  readonly last: string;
  readonly offset: number;
  readonly length: number;
};

/** @param lines of each kind in any order; of several with the same order and content, one is kept */
export async function encodeSegment(lines: Lines): Promise<Uint8Array<ArrayBuffer>> {
  const blocks: Block[] = [];
  const bodies: Uint8Array[] = [];
  let offset = 0;
  for (const kind of LINE_KINDS) {
    for (const block of intoBlocks(sortLines(lines[kind]))) {
      const body = await gzip(block.map(({ order, content }) => `${JSON.stringify(order)}\t${content}\n`).join(""));
      const [first, last] = [block[0] as Line, block.at(-1) as Line];
      blocks.push({ kind, first: first.order, last: last.order, offset, length: body.length });
      bodies.push(body);
      offset += body.length;
    }
  }
  const index = await gzip(JSON.stringify(blocks.map((block) => Object.values(block))));
  const footer = new DataView(new ArrayBuffer(FOOTER_BYTES));
  footer.setUint32(0, index.length);
  footer.setUint32(4, MAGIC);
  return concat([...bodies, index, new Uint8Array(footer.buffer)]);
}

/** In order, without copies. */
export function sortLines(lines: readonly Line[]): Line[] {
  const sorted = [...lines].sort((a, b) => compareText(a.order, b.order) || compareText(a.content, b.content));
  return sorted.filter(({ order, content }, i) => order !== sorted[i - 1]?.order || content !== sorted[i - 1]?.content);
}

function intoBlocks(lines: readonly Line[]): Line[][] {
  const blocks: Line[][] = [];
  let length = BLOCK_LENGTH;
  for (const line of lines) {
    if (length >= BLOCK_LENGTH) {
      blocks.push([]);
      length = 0;
    }
    blocks.at(-1)?.push(line);
    length += line.content.length;
  }
  return blocks;
}

/** All lines of a segment. */
export async function readWhole({ read }: Segment): Promise<Lines> {
  // The order of a line begins with a hex digit.
  const [events, readings, states] = await Promise.all([
    read("events", "", "g"),
    read("readings", "", "g"),
    read("states", "", "g"),
  ]);
  return { events, readings, states };
}

/** A segment whose index is read. */
export type Segment = {
  /**
   * The lines of a kind whose order is from `from`, inclusive, until `to`, exclusive.
   * @throws {SegmentGone}
   */
  readonly read: (kind: LineKind, from: string, to: string) => Promise<Line[]>;
  readonly bytes: number;
  /** Of the object that is read: it is another one as soon as anybody has written the segment. */
  readonly etag: string;
};

/**
 * Opens a segment, in one request if its index is small, and reads small ones as a whole.
 * @throws {SegmentGone} if there is none of this name
 */
export async function openSegment(bucket: SegmentBucket, name: string): Promise<Segment> {
  const stored = bodyOf(await bucket.get(name, { range: { suffix: TAIL_BYTES } }), name);
  const { size, etag } = stored;
  const piece = { start: Math.max(0, size - TAIL_BYTES), bytes: new Uint8Array(await stored.arrayBuffer()) };
  // Of the same object, or its index would point at other bytes.
  const readBytes = async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset >= piece.start) return piece.bytes.subarray(offset - piece.start, offset - piece.start + length);
    const range = bodyOf(await bucket.get(name, { range: { offset, length }, onlyIf: { etagMatches: etag } }), name);
    return new Uint8Array(await range.arrayBuffer());
  };
  const footer = new DataView((await readBytes(size - FOOTER_BYTES, FOOTER_BYTES)).slice().buffer);
  if (footer.byteLength < FOOTER_BYTES || footer.getUint32(4) !== MAGIC) throw new Error(`${name} is no segment`);
  const length = footer.getUint32(0);
  const rows = JSON.parse(await gunzip(await readBytes(size - FOOTER_BYTES - length, length))) as unknown[][];
  const blocks = rows.map(
    ([kind, first, last, offset, bytes]) => ({ kind, first, last, offset, length: bytes }) as Block,
  );
  return { read: (kind, from, to) => readLines(blocks, readBytes, { kind, from, to }), bytes: size, etag };
}

type Wanted = { readonly kind: LineKind; readonly from: string; readonly to: string };

async function readLines(
  blocks: readonly Block[],
  readBytes: (offset: number, length: number) => Promise<Uint8Array>,
  { kind, from, to }: Wanted,
): Promise<Line[]> {
  const wanted = blocks.filter(
    (block) => block.kind === kind && compareText(block.first, to) < 0 && compareText(block.last, from) >= 0,
  );
  const [first, last] = [wanted[0], wanted.at(-1)];
  if (!first || !last) return [];
  // They lie one behind the other.
  const bytes = await readBytes(first.offset, last.offset + last.length - first.offset);
  const texts = await Promise.all(
    wanted.map(({ offset, length }) => gunzip(bytes.subarray(offset - first.offset, offset - first.offset + length))),
  );
  return texts.flatMap((text) =>
    text
      .split("\n")
      .slice(0, -1)
      .map(parseLine)
      .filter(({ order }) => compareText(order, from) >= 0 && compareText(order, to) < 0),
  );
}

/** JSON writes control characters as escapes, so that a tab ends the order and a line feed the line. */
function parseLine(line: string): Line {
  const tab = line.indexOf("\t");
  return { order: JSON.parse(line.slice(0, tab)), content: line.slice(tab + 1) };
}

function bodyOf(stored: Awaited<ReturnType<SegmentBucket["get"]>>, name: string): StoredSegment {
  if (!stored || !("arrayBuffer" in stored)) throw new SegmentGone(name);
  return stored;
}

async function gzip(text: string): Promise<Uint8Array> {
  const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

async function gunzip(bytes: Uint8Array): Promise<string> {
  const unzip = new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
  const text = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(unzip);
  return new Response(text).text();
}

function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
