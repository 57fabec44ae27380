/** Thrown for bytes that are not UTF-8, as in a file or an answer of another kind. */
export class NotUtf8 extends Error {
  override readonly name = "NotUtf8";
}

/** The lines of a UTF-8 stream. Only a line feed ends one: readline would end one at U+2028 too, which JSON may hold. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new NotUtf8("not UTF-8");
    }
  };
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decode(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  rest += decode();
  if (rest !== "") yield rest;
}
