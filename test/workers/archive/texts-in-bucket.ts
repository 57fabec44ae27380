import { parquetReadObjects } from "hyparquet";
import type { MemoryBucket } from "../../support/memory-bucket.ts";

/** A text that a bucket holds, and where: `raw`, `file`, `events`, `readings`, `states`, or `other` for anything else. */
export type FoundText = { readonly where: string; readonly key: string; readonly text: string };

/**
 * Every text in a bucket: names, raw objects unzipped, day files out of Parquet, and the blocks of segments by their kinds.
 * It knows the formats as they are written down and shares no code with what writes them.
 */
export async function textsIn(bucket: MemoryBucket): Promise<FoundText[]> {
  const found: FoundText[] = [];
  for (const [key, { bytes, customMetadata }] of bucket.objects) {
    found.push({ where: "other", key, text: `${key} ${JSON.stringify(customMetadata ?? {})}` });
    if (key.endsWith(".gz")) found.push({ where: "raw", key, text: await unzipped(bytes) });
    else if (key.endsWith(".parquet")) found.push({ where: "file", key, text: await rowsOf(bytes) });
    else if (key.endsWith(".seg")) for (const block of await blocksOf(bytes)) found.push({ ...block, key });
    else found.push({ where: "other", key, text: new TextDecoder().decode(bytes) });
  }
  return found;
}

async function rowsOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const file = bytes.slice().buffer;
  return JSON.stringify(await parquetReadObjects({ file }), (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

/** At the end: the length of the index in four bytes, and four that say what the file is; before it the index. */
async function blocksOf(bytes: Uint8Array<ArrayBuffer>): Promise<{ where: string; text: string }[]> {
  const end = bytes.byteLength - 8;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end);
  const index = JSON.parse(await unzipped(bytes.slice(end - length, end))) as [
    string,
    string,
    string,
    number,
    number,
  ][];
  const covered = index.reduce((sum, row) => sum + row[4], 0);
  if (covered !== end - length) throw new Error(`the index names ${covered} of ${end - length} bytes`);
  return Promise.all(
    index.map(async ([where, , , offset, size]) => ({
      where,
      text: await unzipped(bytes.slice(offset, offset + size)),
    })),
  );
}

const unzipped = (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
