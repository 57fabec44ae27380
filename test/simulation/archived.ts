/** The archive's lines, read without the platform's code. */
export type Line = {
  readonly receipt: string;
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly receivedAtMs: number;
  readonly outcome: string;
  readonly merged?: string;
  readonly lane?: string;
  readonly deviceKey: string | null;
};

export type RawObject = { readonly key: string; readonly lines: readonly Line[] };

export async function linesOf(gzip: Uint8Array | ArrayBuffer): Promise<Line[]> {
  const text = await new Response(
    new Response(gzip).body?.pipeThrough(new DecompressionStream("gzip") as never),
  ).text();
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

export const receiptsIn = async (gzip: Uint8Array): Promise<string[]> =>
  (await linesOf(gzip)).map(({ receipt }) => receipt);

/** Reads everything that the bucket has of the archive, and empties it for the next schedule. */
export async function drain(bucket: R2Bucket): Promise<RawObject[]> {
  const objects: RawObject[] = [];
  for (;;) {
    const listed = await bucket.list({ prefix: "events/" });
    for (const { key } of listed.objects) {
      const object = (await bucket.get(key)) as R2ObjectBody;
      objects.push({ key, lines: await linesOf(await object.arrayBuffer()) });
    }
    if (listed.objects.length > 0) await bucket.delete(listed.objects.map(({ key }) => key));
    if (!listed.truncated) return objects;
  }
}
