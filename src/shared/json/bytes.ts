import { bytesOfText } from "#base/utf8.ts";

/**
 * The length of a text in UTF-8, in bytes; bytes that were not UTF-8 count as themselves. Most texts are ASCII, and
 * testing for that is far cheaper than encoding.
 */
export const utf8Bytes = (text: string): number => (NOT_ASCII.test(text) ? bytesOfText(text).byteLength : text.length);

const NOT_ASCII = /[\u0080-\uffff]/;
