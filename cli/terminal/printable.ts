import { type Paint, PLAIN, SGR } from "./paint.ts";

/**
 * Makes a record's text safe to print. It could otherwise move the cursor, reverse a line, or look like another text:
 * each run of control characters, format characters, line separators and lone surrogates becomes one space. The only
 * format characters kept are those inside one of Unicode's own emoji; a joiner between letters becomes a space too.
 */
export const printable = (text: string): string =>
  UNPRINTABLE.test(text) ? text.replace(EMOJI_OR_UNPRINTABLE, (_, emoji?: string) => emoji ?? " ") : text;

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;
const EMOJI_OR_UNPRINTABLE = /(\p{RGI_Emoji_ZWJ_Sequence})|[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gv;

/** Makes a line printable, and keeps the colours that `paint` gave it. */
export const printableLine = (line: string, paint: Paint): string =>
  paint === PLAIN
    ? printable(line)
    : line
        .split(SGR)
        .map((part, i) => (i % 2 === 0 ? printable(part) : part))
        .join("");

/** The same JSON, with an escape for each unprintable character. Outside of strings those can only be blanks. */
export const printableJson = (json: string): string =>
  json.replace(EACH_UNPRINTABLE, (each) => (each < " " ? " " : each.split("").map(escaped).join("")));

const EACH_UNPRINTABLE = new RegExp(UNPRINTABLE, "gu");
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return charactersOf(text).reduce((sum, each) => sum + widthOfOne(each), 0);
}

/** Cuts a text to this many columns, with an ellipsis at the cut. No character is cut in half. */
export function truncate(text: string, width: number): string {
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
const ZERO_WIDTH = /^[\p{Mn}\p{Cf}]+$/u;
const widthOfOne = (character: string): number => (ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);
