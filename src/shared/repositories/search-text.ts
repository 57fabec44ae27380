/** The most words of a search, and the most characters. Our choice. */
const MAX_WORDS = 8;
const MAX_SEARCH = 100;
/** Of all words together. A single letter would be found in a large part of the devices. */
const MIN_LETTERS = 2;

/** Words that all have to be there; the last one may be the beginning of a word. */
export type SearchWords = readonly [string, ...string[]];

const LETTERS = /[\p{L}\p{N}]/gu;

/**
 * Reads what somebody typed. Words without a letter or a digit are left out. Never throws.
 * @returns the words, or what is wrong, for whoever asks
 */
export function parseSearch(text: string): SearchWords | { readonly problem: string } {
  if (text.length > MAX_SEARCH) return { problem: `\`search\` has at most ${MAX_SEARCH} characters.` };
  const words = text.split(/[\s\p{C}]+/u).filter((word) => word.search(LETTERS) >= 0);
  const [first, ...others] = words;
  if (first === undefined || (text.match(LETTERS) ?? []).length < MIN_LETTERS)
    return { problem: `\`search\` needs at least ${MIN_LETTERS} letters or digits.` };
  return words.length > MAX_WORDS ? { problem: `\`search\` has at most ${MAX_WORDS} words.` } : [first, ...others];
}

/** @throws RangeError */
export function searchWordsIn(text: string): SearchWords {
  const words = parseSearch(text);
  if ("problem" in words) throw new RangeError(`${words.problem} Nothing was read.`);
  return words;
}

/** Whether the last word is taken for the beginning of a word: with one letter, it would read too much of the index. */
export const isBeginning = (last: string): boolean => (last.match(LETTERS) ?? []).length >= MIN_LETTERS;
