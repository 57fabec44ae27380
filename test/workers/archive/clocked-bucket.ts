/**
 * A bucket whose objects were written at a clock of the test's own. What is asked of it is counted.
 * @param now milliseconds, read at each put
 */
export function clockedBucket(bucket: R2Bucket, now: () => number) {
  const writtenMs = new Map<string, number>();
  const calls = { get: 0, put: 0, list: 0, delete: 0 };
  const clocked = {
    head: (key: string) => bucket.head(key),
    get: (key: string, options?: R2GetOptions) => {
      calls.get += 1;
      return bucket.get(key, options);
    },
    put: async (key: string, ...rest: [never, never]) => {
      calls.put += 1;
      const put = await bucket.put(key, ...rest);
      if (put) writtenMs.set(key, now());
      return put;
    },
    delete: (keys: string | string[]) => {
      calls.delete += 1;
      return bucket.delete(keys);
    },
    list: async (options?: R2ListOptions) => {
      calls.list += 1;
      const listed = await bucket.list(options);
      const objects = listed.objects.map(({ key, size, etag, uploaded, customMetadata }) => {
        const ms = writtenMs.get(key);
        return { key, size, etag, customMetadata, uploaded: ms === undefined ? uploaded : new Date(ms) };
      });
      return { ...listed, objects, truncated: listed.truncated };
    },
  };
  return { bucket: clocked as unknown as R2Bucket, calls };
}
