/**
 * What the archive asks of its bucket. An `R2Bucket` is one; a test hands over one that fails. It has no types of Workers, so
 * that what reads the archive runs elsewhere too.
 */
export type ArchiveBucket = {
  readonly get: (
    key: string,
    options?: { readonly range?: { readonly offset: number; readonly length: number } },
  ) => Promise<StoredObject | null>;
  readonly head: (key: string) => Promise<Pick<StoredObject, "etag" | "size"> | null>;
  /** `null` if the condition does not hold; nothing is written then. */
  readonly put: (
    key: string,
    value: string | Uint8Array<ArrayBuffer>,
    options?: {
      readonly onlyIf?: Headers | { readonly etagMatches: string };
      /** The bucket refuses a value that has another. */
      readonly sha256?: string;
      readonly httpMetadata?: { readonly contentType: string };
      readonly customMetadata?: Record<string, string>;
    },
  ) => Promise<Pick<StoredObject, "etag"> | null>;
  /** At most 1,000 names. */
  readonly delete: (keys: string | string[]) => Promise<void>;
  /** Names in the order of their bytes, at most 1,000. */
  readonly list: (options: {
    readonly prefix?: string;
    readonly startAfter?: string;
    readonly limit?: number;
    readonly include?: ("customMetadata" | "httpMetadata")[];
  }) => Promise<{
    readonly objects: readonly {
      readonly key: string;
      readonly size: number;
      readonly customMetadata?: Record<string, string>;
    }[];
    readonly truncated: boolean;
  }>;
};

type StoredObject = {
  readonly etag: string;
  readonly size: number;
  readonly body: ReadableStream<Uint8Array>;
  readonly arrayBuffer: () => Promise<ArrayBuffer>;
  readonly json: <T>() => Promise<T>;
};

/** The names that begin with `prefix`, in order, from after `after` on. */
export async function listKeys(
  bucket: Pick<ArchiveBucket, "list">,
  { prefix, after, limit }: { readonly prefix: string; readonly after?: string | null; readonly limit: number },
): Promise<{ keys: string[]; isEnd: boolean }> {
  const keys: string[] = [];
  let startAfter = after ?? undefined;
  for (;;) {
    const page = await bucket.list({
      prefix,
      limit: Math.min(1_000, limit - keys.length),
      ...(startAfter && { startAfter }),
    });
    keys.push(...page.objects.map(({ key }) => key));
    if (!page.truncated) return { keys, isEnd: true };
    if (keys.length >= limit) return { keys, isEnd: false };
    startAfter = keys.at(-1);
  }
}
