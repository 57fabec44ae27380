/** Bytes that a text takes in UTF-8. Nearly all of ours is ASCII, where looking is far cheaper than encoding. */
export const utf8Bytes = (text: string): number =>
  NOT_ASCII.test(text) ? encoder.encode(text).byteLength : text.length;

const NOT_ASCII = /[\u0080-\uffff]/;

const encoder = new TextEncoder();
