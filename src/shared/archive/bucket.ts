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
      readonly uploaded: Date;
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

export type ListedObject = Awaited<ReturnType<ArchiveBucket["list"]>>["objects"][number];

type ListRequest = {
  readonly prefix: string;
  /** Only names after this one. */
  readonly after?: string | null;
  readonly limit: number;
};

/** The objects whose names begin with `prefix`, in the order of these, with their metadata. */
export async function listObjects(
  bucket: Pick<ArchiveBucket, "list">,
  { prefix, after, limit }: ListRequest,
): Promise<{ objects: ListedObject[]; isEnd: boolean }> {
  const objects: ListedObject[] = [];
  let startAfter = after ?? undefined;
  for (;;) {
    const page = await bucket.list({
      ...{ prefix, limit: Math.min(1_000, limit - objects.length), include: ["customMetadata"] },
      ...(startAfter && { startAfter }),
    });
    for (const object of page.objects) objects.push(object);
    if (!page.truncated) return { objects, isEnd: true };
    if (objects.length >= limit) return { objects, isEnd: false };
    startAfter = objects.at(-1)?.key;
  }
}

/** Deletes any number of objects. */
export async function deleteKeys(bucket: Pick<ArchiveBucket, "delete">, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += DELETED_AT_ONCE) await bucket.delete(keys.slice(at, at + DELETED_AT_ONCE));
}

/** R2 deletes at most so many objects a call: developers.cloudflare.com/r2/api/workers/workers-api-reference */
const DELETED_AT_ONCE = 1_000;

/** The names that begin with `prefix`, in order. */
export async function listKeys(
  bucket: Pick<ArchiveBucket, "list">,
  request: ListRequest,
): Promise<{ keys: string[]; isEnd: boolean }> {
  const { objects, isEnd } = await listObjects(bucket, request);
  return { keys: objects.map(({ key }) => key), isEnd };
}
