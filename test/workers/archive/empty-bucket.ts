/** Deletes every object of a bucket. */
export async function emptyBucket(bucket: Pick<R2Bucket, "list" | "delete">): Promise<void> {
  for (;;) {
    const { objects } = await bucket.list();
    if (objects.length === 0) return;
    await bucket.delete(objects.map(({ key }) => key));
  }
}
