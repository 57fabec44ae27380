import { type ArchiveBucket, deleteKeys, listKeys } from "#archive/bucket.ts";
import { decodeTexts, encodeTexts } from "#archive/lines.ts";
import { FOLDS_PREFIX, foldsPrefix } from "#archive/names.ts";
import { fromText, toText } from "../pieces.ts";
import type { DeviceFold, Loaded, PartyFold } from "./state.ts";

/*
 * Folds that runs have stored: `folds/index.json` says which there are, and names their pieces by bucket and run,
 * `folds/3f/{run}/0000.ndjson.gz`. Like D1, they have state and no events. Any of it can be thrown away at any time; the archive
 * is then read from its beginning. Only verification writes them, and it runs once at a time.
 */

/** The fold of one bucket. */
export type StoredFold = Loaded & { readonly version: string; readonly run: string; readonly pieces: number };

/** By bucket, as two hex digits. */
export type FoldIndex = Readonly<Record<string, StoredFold>>;

/** A device by its key, or what the bucket's devices say of a dealer or customer, by `dealer elt:D-1`. */
export type FoldLine =
  | readonly [kind: "device", key: string, fold: DeviceFold]
  | readonly [kind: "party", name: string, fold: PartyFold];

export type PieceOf = { readonly bucket: string; readonly run: string; readonly piece: number };

type Bucket = Pick<ArchiveBucket, "get" | "put" | "list" | "delete">;

const INDEX = `${FOLDS_PREFIX}index.json`;

const pieceName = ({ bucket, run, piece }: PieceOf): string =>
  `${foldsPrefix(bucket)}${run}/${String(piece).padStart(4, "0")}.ndjson.gz`;

/** Empty if there is none, or if it is damaged. */
export async function readFoldIndex(store: Pick<Bucket, "get">): Promise<FoldIndex> {
  const stored = await store.get(INDEX);
  return (stored && (await unlessDamaged(() => stored.json<FoldIndex>()))) ?? {};
}

/** @returns `null` if what was stored is not what was written: neither gzip nor JSON. An outage of R2 is another error. */
async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof TypeError) return null;
    throw thrown;
  }
}

/** Makes these folds count, once their pieces are stored, and deletes the pieces of those before. */
export async function writeFoldIndex(store: Bucket, before: FoldIndex, after: FoldIndex): Promise<void> {
  await store.put(INDEX, JSON.stringify(after), { httpMetadata: { contentType: "application/json" } });
  const replaced = Object.entries(before).filter(([bucket, { run }]) => after[bucket]?.run !== run);
  await deleteKeys(
    store,
    replaced.flatMap(([bucket, { run, pieces }]) =>
      Array.from({ length: pieces }, (_, piece) => pieceName({ bucket, run, piece })),
    ),
  );
}

/** `null` if it is gone, or damaged. */
export async function readPiece(store: Pick<Bucket, "get">, piece: PieceOf): Promise<FoldLine[] | null> {
  const stored = await store.get(pieceName(piece));
  if (!stored) return null;
  return unlessDamaged(async () => {
    const lines: FoldLine[] = [];
    for await (const text of decodeTexts(stored.body)) lines.push(fromText<FoldLine>(text));
    return lines;
  });
}

/** @param texts of {@link lineText} */
export async function putPiece(store: Pick<Bucket, "put">, piece: PieceOf, texts: readonly string[]): Promise<void> {
  await store.put(pieceName(piece), await encodeTexts(texts));
}

export const lineText = (line: FoldLine): string => toText(line);

/** Removes the pieces of a bucket, whichever run has stored them. @returns how many it were */
export async function removePieces(store: Pick<Bucket, "list" | "delete">, bucket: string): Promise<number> {
  const { keys } = await listKeys(store, { prefix: foldsPrefix(bucket), limit: MAX_LISTED });
  await deleteKeys(store, keys);
  return keys.length;
}

/** Removes pieces that the index does not name: of a run that died, or was ended, while it stored them. */
export async function removeStrays(store: Pick<Bucket, "list" | "delete">, index: FoldIndex): Promise<void> {
  const { keys } = await listKeys(store, { prefix: FOLDS_PREFIX, limit: MAX_LISTED });
  const named = new Set(Object.entries(index).map(([bucket, { run }]) => `${foldsPrefix(bucket)}${run}/`));
  await deleteKeys(
    store,
    keys.filter((key) => key !== INDEX && !named.has(key.slice(0, key.lastIndexOf("/") + 1))),
  );
}

/** Names that are looked through at once: pieces of ten million devices. */
const MAX_LISTED = 50_000;
