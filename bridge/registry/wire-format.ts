/** What Confluent's serializers write: a zero byte, the schema's id in four bytes, and what the schema describes. */
export type Framed = { readonly schemaId: number; readonly payload: Buffer };

const MAGIC = 0;
const HEADER_BYTES = 5;

/** @returns `undefined` for bytes that are not in the wire format: text, and nearly everything else, begins otherwise */
export function readFrame(bytes: Uint8Array): Framed | undefined {
  if (bytes.byteLength < HEADER_BYTES || bytes[0] !== MAGIC) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { schemaId: buffer.readUInt32BE(1), payload: buffer.subarray(HEADER_BYTES) };
}

/**
 * Which message of a Protobuf file a payload holds: `[1, 0]` is the first message inside the file's second one. Count
 * and indexes are zigzag varints, and a single 0 stands for `[0]`.
 * @throws Error if the payload ends before them
 */
export function readMessageIndexes(payload: Buffer): { readonly indexes: readonly number[]; readonly message: Buffer } {
  let at = 0;
  const next = (): number => {
    let [value, shift, byte] = [0, 1, 0x80];
    while (byte >= 0x80) {
      const read = payload[at++];
      if (read === undefined || shift > 2 ** 28) throw new Error("its message indexes are cut off or too large");
      byte = read;
      value += (byte & 0x7f) * shift;
      shift *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const count = next();
  if (count < 0 || count > payload.length) throw new Error(`it has ${count} message indexes`);
  const indexes = count === 0 ? [0] : Array.from({ length: count }, next);
  return { indexes, message: payload.subarray(at) };
}
