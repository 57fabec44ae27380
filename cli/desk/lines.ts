/** Bytes that are no text; an answer or a file of something else. */
export class NotUtf8 extends Error {
  override readonly name = "NotUtf8";
}

/** The lines of a stream of UTF-8. Only a line feed ends one: readline would end one at U+2028 too, which JSON may hold. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new NotUtf8("not UTF-8");
    }
  };
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoded(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  rest += decoded();
  if (rest !== "") yield rest;
}
