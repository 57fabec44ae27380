import { type ArchiveBucket, listKeys } from "#archive/bucket.ts";
import { decodeTexts, encodeTexts } from "#archive/lines.ts";
import { foldsPrefix } from "#archive/names.ts";
import { fromText, toText } from "../pieces.ts";
import type { DeviceFold, Loaded, PartyFold } from "./state.ts";

/**
 * A fold that a run has stored: `folds/3f/fold.json`, which is written last and names its pieces by their run,
 * `folds/3f/{run}/0000.ndjson.gz`. Like D1, it has state and no events; it can be thrown away at any time, and the archive is
 * then read from its beginning.
 */
export type StoredFold = Loaded & { readonly version: string; readonly run: string; readonly pieces: number };

/** A device by its key, or what the bucket's devices say of a dealer or customer, by `dealer elt:D-1`. */
export type FoldLine =
  | readonly [kind: "device", key: string, fold: DeviceFold]
  | readonly [kind: "party", name: string, fold: PartyFold];

type Bucket = Pick<ArchiveBucket, "get" | "put" | "list" | "delete">;

const pointerOf = (bucket: string): string => `${foldsPrefix(bucket)}fold.json`;
const runPrefix = (bucket: string, run: string): string => `${foldsPrefix(bucket)}${run}/`;
const pieceOf = (bucket: string, run: string, piece: number): string =>
  `${runPrefix(bucket, run)}${String(piece).padStart(4, "0")}.ndjson.gz`;

/** `null` if there is none. */
export async function readStoredFold(store: Pick<Bucket, "get">, bucket: string): Promise<StoredFold | null> {
  const stored = await store.get(pointerOf(bucket));
  return stored?.json<StoredFold>() ?? null;
}

/** `null` if it is gone. */
export async function readPiece(
  store: Pick<Bucket, "get">,
  { bucket, run, piece }: { readonly bucket: string; readonly run: string; readonly piece: number },
): Promise<FoldLine[] | null> {
  const stored = await store.get(pieceOf(bucket, run, piece));
  if (!stored) return null;
  const lines: FoldLine[] = [];
  for await (const text of decodeTexts(stored.body)) lines.push(fromText<FoldLine>(text));
  return lines;
}

export async function putPiece(
  store: Pick<Bucket, "put">,
  { bucket, run, piece }: { readonly bucket: string; readonly run: string; readonly piece: number },
  texts: readonly string[],
): Promise<void> {
  await store.put(pieceOf(bucket, run, piece), await encodeTexts(texts));
}

export const lineText = (line: FoldLine): string => toText(line);

/** Makes the pieces of a run count, and deletes what they replace. */
export async function commitFold(store: Bucket, bucket: string, fold: StoredFold): Promise<void> {
  await store.put(pointerOf(bucket), JSON.stringify(fold), { httpMetadata: { contentType: "application/json" } });
  await removeAll(store, bucket, (key) => key !== pointerOf(bucket) && !key.startsWith(runPrefix(bucket, fold.run)));
}

/** @returns how many files it was */
export const removeFold = (store: Pick<Bucket, "list" | "delete">, bucket: string): Promise<number> =>
  removeAll(store, bucket, () => true);

async function removeAll(
  store: Pick<Bucket, "list" | "delete">,
  bucket: string,
  isGoing: (key: string) => boolean,
): Promise<number> {
  const { keys } = await listKeys(store, { prefix: foldsPrefix(bucket), limit: MAX_FILES });
  const going = keys.filter(isGoing);
  if (going.length > 0) await store.delete(going);
  return going.length;
}

/** Files of a bucket that are removed at once, which is R2's limit: pieces of 65,000 devices and more. */
const MAX_FILES = 1_000;
