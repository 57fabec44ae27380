/**
 * What a record or its sender's error says could otherwise move the cursor, or turn a line around: control characters,
 * line separators, and the marks that set a direction. Colours of ours are put on afterwards.
 */
export const printable = (text: string): string => text.replace(UNPRINTABLE, " ");

const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** How many columns a terminal gives to a text. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return charactersOf(text).reduce((sum, each) => sum + widthOfOne(each), 0);
}

/** At most so many columns of a text, with an ellipsis where something is cut off; no character is cut in half. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [kept, used] = ["", 0];
  for (const each of charactersOf(text)) {
    used += widthOfOne(each);
    if (used > width - 1) break;
    kept += each;
  }
  return width > 0 ? `${kept}…` : "";
}

const CHARACTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const charactersOf = (text: string): string[] => [...CHARACTERS.segment(text)].map(({ segment }) => segment);

const WIDE =
  /^[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60]/u;
const NONE = /^[\p{Mn}\p{Cf}]+$/u;
const widthOfOne = (character: string): number => (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1);
