/**
 * Whether a text has one of the words by itself: `Al` is in `a call of Al`, and not in `Altona`. JSON may have escaped what
 * the text has as it is.
 */
export function quotesOneOf(text: string, words: readonly string[]): boolean {
  const forms = text.includes("\\") ? [text, unescaped(text)] : [text];
  return words.some((word) => forms.some((form) => hasWord(form, word)));
}

function hasWord(text: string, word: string): boolean {
  if (word === "") return false;
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const end = at + word.length;
    const beginsInside = LETTER_AT_END.test(text.slice(Math.max(0, at - 2), at)) && LETTER_AT_START.test(word);
    const endsInside = LETTER_AT_START.test(text.slice(end, end + 2)) && LETTER_AT_END.test(word);
    if (!beginsInside && !endsInside) return true;
  }
  return false;
}

const LETTER_AT_START = /^[\p{L}\p{N}]/u;
const LETTER_AT_END = /[\p{L}\p{N}]$/u;

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gsu, (_, hex?: string, one = "") =>
    hex === undefined ? (CONTROLS[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
  );

const CONTROLS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
