/** A line of bash up to the cursor. */
export type Line = {
  /** Without quotes, and without the word that is being typed. */
  readonly words: readonly string[];
  readonly current: string;
  /** The end of `current` that bash replaces. A word ends for it at `:` and `=` too, unless they are quoted. */
  readonly from: number;
  readonly isQuoted: boolean;
};

/**
 * Splits a line as bash does: quotes, and what a backslash keeps.
 * @param breaks COMP_WORDBREAKS
 */
export function splitLine(line: string, breaks: string): Line {
  const words: string[] = [];
  let [current, quote, from]: [string | undefined, string, number] = [undefined, "", 0];
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (character === quote) quote = "";
    else if (quote === "" && (character === '"' || character === "'")) {
      [current, quote] = [current ?? "", character];
      from = current.length;
    } else if (character === "\\" && quote !== "'" && i + 1 < line.length) current = (current ?? "") + line[++i];
    else if (quote === "" && /\s/.test(character)) {
      if (current !== undefined) words.push(current);
      [current, from] = [undefined, 0];
    } else {
      current = (current ?? "") + character;
      if (quote === "" && breaks.includes(character)) from = current.length;
    }
  }
  return { words, current: current ?? "", from, isQuoted: quote !== "" };
}
