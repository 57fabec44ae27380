import { joinBytes } from "#base/bytes.ts";
import { incompleteTail, textOfBytes } from "#base/utf8.ts";
import { RequestError } from "./errors.ts";

/** Decodes bytes that arrive in chunks. */
export type ChunkDecoder = { push(bytes: Uint8Array): string; end(): string };

/** How the bytes of a body are decoded. */
export type Charset = {
  readonly decode: (bytes: Uint8Array) => string;
  readonly decoder: () => ChunkDecoder;
};

/** A byte order mark names the charset, and is not part of the text. */
const withoutMark = (text: string): string => text.replace(/^\ufeff/, "");

/** Invalid bytes become lone surrogates, so that a record keeps them. */
export const UTF8: Charset = {
  decode: (bytes) => withoutMark(textOfBytes(bytes)),
  decoder: () => {
    let rest = new Uint8Array();
    let isFirst = true;
    return {
      push: (bytes) => {
        const whole = joinBytes([rest, bytes]);
        const end = whole.length - incompleteTail(whole);
        rest = whole.slice(end);
        const text = textOfBytes(whole.subarray(0, end));
        if (!isFirst || text === "") return text;
        isFirst = false;
        return withoutMark(text);
      },
      end: () => textOfBytes(rest),
    };
  },
};

/**
 * The charset of a content type. Without one it is UTF-8, the only charset of JSON.
 * @throws RequestError 400 if the charset is unknown
 */
export function charsetOf(contentType: string | undefined): Charset {
  const name = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? "")?.[1] ?? "utf-8";
  const known = decoderOf(name);
  if (!known) throw new RequestError(400, `Bodies in ${name} are not read: send them as UTF-8. Nothing was accepted.`);
  if (known.encoding === "utf-8") return UTF8;
  return {
    decode: (bytes) => new TextDecoder(name).decode(bytes),
    decoder: () => {
      const decoder = new TextDecoder(name);
      return { push: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
    },
  };
}

function decoderOf(name: string): TextDecoder | undefined {
  try {
    return new TextDecoder(name);
  } catch {
    return undefined;
  }
}
