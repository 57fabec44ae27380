import type { NotesLeft } from "../job-kind.ts";
import { fromPieces, toPieces } from "../pieces.ts";
import type { Suspect } from "./sides.ts";

/*
 * What a rebuild notes in its object's storage, since it may be more than a state holds. They have live values in them,
 * which may be personal, so they are removed at the end, when the job is canceled or can never go on, and when another
 * rebuild begins.
 */

/**
 * `suspect`: differs, and is looked at again. `wrong`: is judged to differ. `adopted`: was switched. `announce`: a dealer
 * whose feed gets a gap.
 */
export type NoteKind = "suspect" | "wrong" | "adopted" | "announce";
export type Subject = Pick<Suspect, "kind" | "key">;
type Named = { readonly kind: string; readonly key: string };

export class Notes {
  readonly #kv: SyncKvStorage;

  constructor({ kv }: Pick<DurableObjectStorage, "kv">) {
    this.#kv = kv;
  }

  put(kind: NoteKind, subject: Named, value: Suspect | Subject | string): void {
    const name = `${prefixOf(kind)}${idOf(subject)}`;
    const pieces = toPieces(value);
    this.#kv.put(name, pieces ? { [CUT]: pieces.length } : value);
    for (const [i, piece] of (pieces ?? []).entries()) this.#kv.put(pieceName(name, i), piece);
  }

  /** Removes the notes up to one, or all of a kind. */
  removeThrough(kind: NoteKind, last?: string): void {
    const prefix = prefixOf(kind);
    for (const [name, value] of this.#kv.list({ prefix })) {
      if (last !== undefined && name > `${prefix}${last}`) return;
      for (const piece of piecesOf(name, value)) this.#kv.delete(piece);
      this.#kv.delete(name);
    }
  }

  /** Notes after one, in the order of their ids. */
  list<Value extends Suspect | Subject | string>(
    kind: NoteKind,
    after: string | null,
    limit: number,
  ): { readonly id: string; readonly value: Value }[] {
    const prefix = prefixOf(kind);
    const found = this.#kv.list<Value>({ prefix, limit, ...(after !== null && { startAfter: `${prefix}${after}` }) });
    return [...found].map(([name, value]) => ({ id: name.slice(prefix.length), value: this.#whole(name, value) }));
  }

  #whole<Value>(name: string, value: Value): Value {
    const names = piecesOf(name, value);
    return names.length === 0 ? value : fromPieces(names.map((piece) => this.#kv.get<string>(piece) ?? ""));
  }

  removeAll(): void {
    while (!this.leave(1_000).isEmpty);
  }

  /** Removes some. @param limit keys of one call */
  leave(limit: number): NotesLeft {
    let removed = 0;
    for (const [name] of this.#kv.list({ prefix: PREFIX, limit })) {
      this.#kv.delete(name);
      removed += 1;
    }
    return { removed, isEmpty: removed < limit };
  }
}

const PREFIX = "rebuild:";
const prefixOf = (kind: NoteKind): string => `${PREFIX}${kind}:`;
/** Of a note that is too large for one key. */
const CUT = "\u0000cut";
const pieceName = (name: string, piece: number): string => `${PREFIX}piece:${name} ${piece}`;
const piecesOf = (name: string, value: unknown): string[] => {
  const count = typeof value === "object" && value !== null ? (value as { [CUT]?: number })[CUT] : undefined;
  return Array.from({ length: count ?? 0 }, (_, i) => pieceName(name, i));
};
const idOf = ({ kind, key }: Named): string => `${kind} ${key}`;
