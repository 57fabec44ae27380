import type { CommandGroup } from "../command/command.ts";
import { UsageError } from "../command/usage-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type Candidate, candidatesFor } from "./candidates.ts";
import { isShell, SHELLS, type Shell } from "./scripts.ts";
import { splitLine } from "./split-line.ts";

/**
 * Prints what can be typed, for a shell's script: one a line, after lines that begin with a colon and say of which kind.
 * @param args the shell, and what it says of its line: bash the line itself and its COMP_WORDBREAKS, the others the words
 */
export async function answer(root: CommandGroup, [shell = "", ...args]: readonly string[], { print }: Terminal) {
  if (!isShell(shell)) throw new UsageError(`completion is for ${SHELLS.join(", ")}`);
  const { words, current, write } = read(shell, args);
  const { words: fitting, paths } = await candidatesFor(root, words, current);
  const found = fitting.filter(({ value }) => value !== current || !isBeginning(value));
  if (paths) print(`:${paths}s`);
  // The beginning of a value is not followed by a space.
  if (found.length > 0 && found.every(({ value }) => isBeginning(value))) print(":open");
  for (const each of found) print(write(each));
}

const isBeginning = (value: string): boolean => /[:.]$/.test(value);

type Question = {
  readonly words: readonly string[];
  readonly current: string;
  readonly write: (candidate: Candidate) => string;
};

function read(shell: Shell, args: readonly string[]): Question {
  if (shell === "bash") {
    const [text = "", breaks = ""] = args;
    const { words, current, from, isQuoted } = splitLine(text, breaks);
    const write = ({ value }: Candidate) =>
      isQuoted ? value.slice(from) : value.slice(from).replace(/[^\w.,:=@/+-]/g, "\\$&");
    return { words: words.slice(1), current, write };
  }
  // PowerShell drops empty arguments, and reads some that begin with a dash: each has an = in front.
  const plain = shell === "powershell" ? args.map((each) => each.slice(1)) : args;
  const write = ({ value, summary }: Candidate) =>
    shell === "zsh"
      ? [value.replace(/[\\:]/g, "\\$&"), ...(summary === undefined ? [] : [summary])].join(":")
      : [value, ...(summary === undefined ? [] : [summary])].join("\t");
  return { words: plain.slice(0, -1), current: plain.at(-1) ?? "", write };
}
