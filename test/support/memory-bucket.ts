import type { ArchiveBucket } from "#archive/bucket.ts";

/** A call of the bucket: its operation and the name that it is about. */
export type BucketCall = { readonly operation: keyof ArchiveBucket; readonly key: string };

/** What a fault does to a call: nothing, an error before anything is done, or an error once it is done. */
export type BucketFault = "before" | "after" | undefined;

type Stored = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  /** Later for each put. */
  readonly uploaded: Date;
  readonly customMetadata?: Record<string, string>;
};

/**
 * As much of R2 as the archive uses, in memory: conditional puts, ranges, names in the order of their bytes, and pages. The
 * Worker's tests read and write a real one; here thousands of schedules are drawn.
 */
export class MemoryBucket implements ArchiveBucket {
  readonly objects = new Map<string, Stored>();
  readonly calls: BucketCall[] = [];
  /** Asked before each call. */
  fault: (call: BucketCall) => BucketFault = () => undefined;
  /** Awaited before each call, so that a test decides the order of the calls of several clients. */
  turn: () => Promise<unknown> = async () => undefined;
  #etags = 0;

  /** Another bucket with the same objects, and no calls or faults yet. */
  copy(): MemoryBucket {
    const copy = new MemoryBucket();
    for (const [key, stored] of this.objects) copy.objects.set(key, stored);
    copy.#etags = this.#etags;
    return copy;
  }

  /** The same bucket for another client, whose calls wait for `turn` first. */
  seenBy(turn: () => Promise<void>): ArchiveBucket {
    const after = async <T>(call: () => Promise<T>): Promise<T> => {
      await turn();
      return call();
    };
    return {
      get: (...args) => after(() => this.get(...args)),
      head: (...args) => after(() => this.head(...args)),
      put: (...args) => after(() => this.put(...args)),
      delete: (...args) => after(() => this.delete(...args)),
      list: (...args) => after(() => this.list(...args)),
    };
  }

  keys(prefix = ""): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  head(key: string) {
    return this.#call("head", key, () => {
      const stored = this.objects.get(key);
      return stored ? { key, size: stored.bytes.byteLength, etag: stored.etag } : null;
    });
  }

  /** As R2, it gives an object without a body if the condition does not hold. */
  get(
    key: string,
    {
      range,
      onlyIf,
    }: {
      readonly range?: { readonly offset: number; readonly length: number } | { readonly suffix: number };
      readonly onlyIf?: { readonly etagMatches: string };
    } = {},
  ) {
    return this.#call("get", key, () => {
      const stored = this.objects.get(key);
      if (!stored) return null;
      const { etag } = stored;
      if (onlyIf && onlyIf.etagMatches !== etag) return { key, etag, size: stored.bytes.byteLength } as never;
      const bytes = !range
        ? stored.bytes.slice()
        : "suffix" in range
          ? stored.bytes.slice(-range.suffix)
          : stored.bytes.slice(range.offset, range.offset + range.length);
      const response = new Response(bytes);
      return {
        key,
        etag,
        size: stored.bytes.byteLength,
        body: response.body as ReadableStream<Uint8Array>,
        arrayBuffer: () => response.arrayBuffer(),
        json: <T>() => response.json() as Promise<T>,
      };
    });
  }

  put(key: string, value: string | Uint8Array, { onlyIf, customMetadata }: Parameters<ArchiveBucket["put"]>[2] = {}) {
    return this.#call("put", key, () => {
      const stored = this.objects.get(key);
      if (onlyIf instanceof Headers && onlyIf.get("if-none-match") === "*" && stored) return null;
      if (onlyIf && !(onlyIf instanceof Headers) && stored?.etag !== onlyIf.etagMatches) return null;
      this.#etags += 1;
      const etag = `etag-${this.#etags}`;
      this.objects.set(key, {
        bytes: new Uint8Array(typeof value === "string" ? new TextEncoder().encode(value) : value),
        etag,
        uploaded: new Date(this.#etags),
        ...(customMetadata && { customMetadata }),
      });
      return { key, etag };
    });
  }

  delete(keys: string | string[]) {
    const all = typeof keys === "string" ? [keys] : keys;
    if (all.length > 1_000) throw new RangeError("R2 deletes at most 1,000 objects at once");
    return this.#call("delete", all.join(" "), () => {
      for (const key of all) this.objects.delete(key);
    });
  }

  list({
    prefix = "",
    startAfter = "",
    limit = 1_000,
  }: {
    readonly prefix?: string;
    readonly startAfter?: string;
    readonly limit?: number;
  }) {
    return this.#call("list", prefix, () => {
      if (limit < 1 || limit > 1_000) throw new RangeError("R2 lists 1 to 1,000 objects at once");
      const keys = this.keys(prefix).filter((key) => key > startAfter);
      const objects = keys.slice(0, limit).map((key) => {
        const { bytes, uploaded, customMetadata } = this.objects.get(key) as Stored;
        return { key, size: bytes.byteLength, uploaded, ...(customMetadata && { customMetadata }) };
      });
      return { objects, truncated: keys.length > limit, delimitedPrefixes: [] };
    });
  }

  async #call<T>(operation: keyof ArchiveBucket, key: string, answer: () => T): Promise<T> {
    const call = { operation, key };
    await this.turn();
    this.calls.push(call);
    const fault = this.fault(call);
    if (fault === "before") throw new Error(`the bucket failed before ${operation} ${key}`);
    const answered = answer();
    if (fault === "after") throw new Error(`the bucket failed after ${operation} ${key}`);
    return answered;
  }
}
