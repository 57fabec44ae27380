import { fromPieces, toPieces } from "../pieces.ts";

/** Keys of one storage call: developers.cloudflare.com/durable-objects/api/storage-api */
const MAX_KEYS = 128;

/** Stands for a value that is too large for one key. Each write has pieces of its own, so that a death mixes no two. */
type Cut = { readonly [CUT]: { readonly write: string; readonly pieces: number } };
const CUT = "\u0000cut";

/** Values under keys with a common prefix, in the storage of the job's object. Its keys here are without the prefix. */
export class Shelf<Value> {
  readonly #storage: DurableObjectStorage;
  readonly #prefix: string;

  constructor(storage: DurableObjectStorage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  async get(keys: readonly string[]): Promise<Map<string, Value>> {
    const found = new Map<string, Value>();
    for (const chunk of chunks(keys, MAX_KEYS)) {
      const values = await this.#storage.get<Value | Cut>(chunk.map((key) => this.#prefix + key));
      for (const [key, value] of values) found.set(key.slice(this.#prefix.length), await this.#whole(value));
    }
    return found;
  }

  async put(entries: ReadonlyMap<string, Value>): Promise<void> {
    const small: [string, Value][] = [];
    for (const [key, value] of entries) {
      const pieces = toPieces(value);
      if (pieces) await this.#putCut(key, pieces);
      else small.push([key, value]);
    }
    for (const chunk of chunks(small, MAX_KEYS)) {
      await this.#storage.put<Value>(Object.fromEntries(chunk.map(([key, value]) => [this.#prefix + key, value])));
    }
  }

  /**
   * The entries behind `after`, in the order of their keys.
   * @param within only keys that begin with it
   */
  async page(after: string | null, limit: number, within = ""): Promise<[string, Value][]> {
    const values = await this.#storage.list<Value | Cut>({
      prefix: this.#prefix + within,
      limit,
      ...(after !== null && { startAfter: this.#prefix + after }),
    });
    const page: [string, Value][] = [];
    for (const [key, value] of values) page.push([key.slice(this.#prefix.length), await this.#whole(value)]);
    return page;
  }

  /** Pieces of what was deleted go with the next `clear`. */
  async delete(keys: readonly string[]): Promise<void> {
    for (const chunk of chunks(keys, MAX_KEYS)) await this.#storage.delete(chunk.map((key) => this.#prefix + key));
  }

  /** @returns whether nothing is left */
  async clear(limit: number): Promise<boolean> {
    for (const prefix of [this.#prefix, PIECES + this.#prefix]) {
      // Of pieces, only some at once: each may have a megabyte.
      const most = prefix === this.#prefix ? limit : PIECES_A_STEP;
      const names = [...(await this.#storage.list({ prefix, limit: most })).keys()];
      for (const chunk of chunks(names, MAX_KEYS)) await this.#storage.delete(chunk);
      if (names.length === most) return false;
    }
    return true;
  }

  async #putCut(key: string, pieces: readonly string[]): Promise<void> {
    const before = await this.#storage.get<Value | Cut>(this.#prefix + key);
    const cut = { write: crypto.randomUUID(), pieces: pieces.length };
    for (const [i, piece] of pieces.entries()) await this.#storage.put(this.#pieceName(cut, i), piece);
    await this.#storage.put<Cut>(this.#prefix + key, { [CUT]: cut });
    if (isCut(before)) await this.#storage.delete(this.#pieceNames(before));
  }

  async #whole(value: Value | Cut): Promise<Value> {
    if (!isCut(value)) return value;
    const pieces = await this.#storage.get<string>(this.#pieceNames(value));
    return fromPieces(this.#pieceNames(value).map((name) => pieces.get(name) ?? ""));
  }

  #pieceNames = ({ [CUT]: cut }: Cut): string[] =>
    Array.from({ length: cut.pieces }, (_, i) => this.#pieceName(cut, i));

  #pieceName = ({ write }: Cut[typeof CUT], piece: number): string => `${PIECES}${this.#prefix}${write} ${piece}`;
}

/** Before the prefix of a shelf: its pieces. */
export const PIECES = "piece:";
export const PIECES_A_STEP = 20;

const isCut = (value: unknown): value is Cut =>
  typeof value === "object" && value !== null && Object.hasOwn(value, CUT);

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
