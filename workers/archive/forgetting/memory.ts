import type { DeviceKey } from "#domain/event.ts";
import type { RewrittenFile } from "#ops/archive-forgetting.ts";

/**
 * Notes a file that is about to be replaced, before it is: a step that dies behind that finds nothing to rewrite when it is
 * repeated, and the certificate has to name the file all the same.
 */
export type NoteFile = (file: RewrittenFile) => void;

/** A value of an object's storage has at most 2 MB: developers.cloudflare.com/durable-objects/platform/limits. Ours, far below. */
const DEVICES_A_VALUE = 5_000;

/**
 * What a forgetting has to know and what is too large for its state: the customer's devices, the personal texts to look for,
 * and the files that were rewritten. It is in the job's own storage, by request, and gone when the request is done.
 */
export class ForgettingMemory {
  readonly #kv: SyncKvStorage;
  readonly #prefix: string;

  constructor({ kv }: Pick<DurableObjectStorage, "kv">, requestId: string) {
    this.#kv = kv;
    this.#prefix = `${PREFIX}${requestId}:`;
  }

  get devices(): readonly DeviceKey[] {
    const lists = [...this.#kv.list<DeviceKey[]>({ prefix: `${this.#prefix}devices` })];
    // Of a request that an earlier release began, the first of them has what the others have too.
    return [...new Set(lists.flatMap(([, keys]) => keys))].sort();
  }

  /** @returns how many of them are new */
  addDevices(keys: readonly DeviceKey[]): number {
    const before = this.devices;
    const all = [...new Set([...before, ...keys])].sort();
    if (all.length > before.length)
      for (let at = 0; at < all.length; at += DEVICES_A_VALUE)
        this.#kv.put(`${this.#prefix}devices:${at}`, all.slice(at, at + DEVICES_A_VALUE));
    return all.length - before.length;
  }

  /** The longest first, so that a shorter one does not hide it. */
  get texts(): readonly string[] {
    return this.#kv.get<string[]>(`${this.#prefix}texts`) ?? [];
  }

  addTexts(texts: readonly string[]): void {
    const before = this.texts;
    const all = [...new Set([...before, ...texts])];
    if (all.length > before.length) this.#kv.put(`${this.#prefix}texts`, all);
  }

  get files(): RewrittenFile[] {
    return [...this.#kv.list<RewrittenFile>({ prefix: `${this.#prefix}file:` })].map(([, file]) => file);
  }

  addFile(file: RewrittenFile): void {
    this.#kv.put(`${this.#prefix}file:${file.before}:${file.sha256Before}`, file);
  }

  /** Forgets what it knows, personal texts first of all. */
  clear(): void {
    for (const key of [...this.#kv.list({ prefix: this.#prefix })].map(([name]) => name)) this.#kv.delete(key);
  }

  /** Clears what requests have left that were canceled, but for these. */
  static clearOthers({ kv }: Pick<DurableObjectStorage, "kv">, kept: ReadonlySet<string>): void {
    for (const name of [...kv.list({ prefix: PREFIX })].map(([key]) => key)) {
      const requestId = name.slice(PREFIX.length, name.indexOf(":", PREFIX.length));
      if (!kept.has(requestId)) kv.delete(name);
    }
  }
}

const PREFIX = "forgetting:";
