/** Keys of one storage call: developers.cloudflare.com/durable-objects/api/storage-api */
const MAX_KEYS = 128;

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
      const values = await this.#storage.get<Value>(chunk.map((key) => this.#prefix + key));
      for (const [key, value] of values) found.set(key.slice(this.#prefix.length), value);
    }
    return found;
  }

  async put(entries: ReadonlyMap<string, Value>): Promise<void> {
    for (const chunk of chunks([...entries], MAX_KEYS)) {
      await this.#storage.put<Value>(Object.fromEntries(chunk.map(([key, value]) => [this.#prefix + key, value])));
    }
  }

  /** The entries behind `after`, in the order of their keys. */
  async page(after: string | null, limit: number): Promise<[string, Value][]> {
    const values = await this.#storage.list<Value>({
      prefix: this.#prefix,
      limit,
      ...(after !== null && { startAfter: this.#prefix + after }),
    });
    return [...values].map(([key, value]) => [key.slice(this.#prefix.length), value]);
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const chunk of chunks(keys, MAX_KEYS)) await this.#storage.delete(chunk.map((key) => this.#prefix + key));
  }

  /** @returns whether nothing is left */
  async clear(limit: number): Promise<boolean> {
    const entries = await this.page(null, limit);
    await this.delete(entries.map(([key]) => key));
    return entries.length < limit;
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
