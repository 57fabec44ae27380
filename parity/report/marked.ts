import { ABSENT, PRESENT } from "../compare/compare.ts";
import { type Html, html } from "./markup.ts";
import type { Example } from "./schema.ts";

const SEGMENTS = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const charactersOf = (text: string): string[] => [...SEGMENTS.segment(text)].map(({ segment }) => segment);

/** The two values of a difference, with a mark on the part in which they are different. `null` where there is nothing. */
export function marked({
  old,
  new: newer,
  kind,
  at,
}: Pick<Example, "old" | "new" | "kind" | "at">): readonly [Html | null, Html | null] {
  if (kind === "error") return [null, null];
  const [one, other] = [shown(old, at), shown(newer, at)];
  if (one === null || other === null)
    return [one === null ? null : html`${one}`, other === null ? null : html`${other}`];
  const [ours, theirs] = [charactersOf(one), charactersOf(other)];
  const shorter = Math.min(ours.length, theirs.length);
  let start = 0;
  while (start < shorter && ours[start] === theirs[start]) start++;
  let end = 0;
  while (end < shorter - start && ours.at(-1 - end) === theirs.at(-1 - end)) end++;
  return [withMark(ours, start, end), withMark(theirs, start, end)];
}

/** Whether an item is there is no value of it. */
function shown(text: string, at: string): string | null {
  if (text === "null" || text === JSON.stringify(ABSENT)) return null;
  return text === JSON.stringify(PRESENT) && (at === "" || at.endsWith("]")) ? "it is there" : text;
}

function withMark(characters: readonly string[], start: number, end: number): Html {
  const [before, within, after] = [
    characters.slice(0, start),
    characters.slice(start, characters.length - end),
    characters.slice(characters.length - end),
  ].map((part) => part.join("")) as [string, string, string];
  return within === "" ? html`${before}${after}` : html`${before}<mark>${within}</mark>${after}`;
}
