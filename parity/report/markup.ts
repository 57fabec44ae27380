/** Markup, as opposed to text that has to be escaped. */
export type Html = { readonly text: string };

/** Markup from a template. What is put into it is escaped, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: readonly (Html | string | number)[]): Html {
  const texts = values.map((value) => (typeof value === "object" ? value.text : escaped(String(value))));
  return { text: parts.map((part, i) => part + (texts[i] ?? "")).join("") };
}

export const join = (all: readonly Html[]): Html => ({ text: all.map(({ text }) => text).join("") });

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that would not be seen, or would reverse a line, are shown by their numbers; those inside of an emoji are kept. */
const EMOJI_OR_UNSEEN = /(\p{RGI_Emoji_ZWJ_Sequence})|[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gv;

const escaped = (text: string): string =>
  text
    .replace(/[&<>"']/g, (each) => ENTITIES[each] as string)
    .replace(EMOJI_OR_UNSEEN, (each, emoji?: string) => emoji ?? codePoint(each));

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
