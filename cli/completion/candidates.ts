import type { Command, CommandGroup, Offer } from "../command/command.ts";
import { HELP_OPTION } from "../command/help.ts";

/** A word that can stand where the cursor is. */
export type Candidate = { readonly value: string; readonly summary?: string };
export type Candidates = { readonly words: readonly Candidate[]; readonly paths?: "file" | "folder" };

const HELP: Candidate = { value: `--${HELP_OPTION}`, summary: "Show this help" };
const NONE: Candidates = { words: [] };

/**
 * What can be typed at a place of a call, from the descriptions of the commands.
 * @param words those before it, without `concord`
 * @param current the beginning of the word that is typed, without quotes
 */
export async function candidatesFor(
  root: CommandGroup,
  words: readonly string[],
  current: string,
): Promise<Candidates> {
  let group = root;
  for (const [i, word] of words.entries()) {
    const found = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (!found) return NONE;
    if (!("commands" in found))
      return startingWith(current, await inCommand(await found.load(), words.slice(i + 1), current));
    group = found;
  }
  const commands = Object.entries(group.commands).map(([value, { summary }]) => ({ value, summary }));
  const options = group === root ? [{ value: "--version", summary: "Print the version" }, HELP] : [HELP];
  return startingWith(current, { words: [...commands, ...options] });
}

async function inCommand(
  { options = {}, arguments: expected = {} }: Command,
  words: readonly string[],
  current: string,
): Promise<Candidates> {
  const given = new Set<string>();
  let [positionals, areValues]: [number, boolean] = [0, false];
  let open: string | undefined;
  for (const word of words) {
    const [name = "", inline] = word.slice(2).split("=", 2);
    if (open !== undefined) open = undefined;
    else if (areValues || !word.startsWith("-")) positionals++;
    else if (word === "--") areValues = true;
    else {
      given.add(name);
      if (inline === undefined && options[name]?.value !== undefined) open = name;
    }
  }
  if (open !== undefined) return offered(options[open]?.offer ?? byName(options[open]?.value));
  const [, inlineOf] = /^--([^=]+)=/.exec(areValues ? "" : current) ?? [];
  if (inlineOf !== undefined) {
    const { words: values, paths } = await offered(options[inlineOf]?.offer ?? byName(options[inlineOf]?.value));
    return { words: values.map(({ value }) => ({ value: `--${inlineOf}=${value}` })), ...(paths && { paths }) };
  }
  const argument = Object.entries(expected)[positionals];
  const values = argument ? await offered(argument[1].offer ?? byName(argument[0])) : NONE;
  if (areValues || (argument && !argument[1].optional && !current.startsWith("-"))) return values;
  const free = Object.entries(options).filter(([name, { repeats }]) => repeats || !given.has(name));
  const switches = [...free.map(([name, { summary }]) => ({ value: `--${name}`, summary })), HELP];
  const all = [...values.words, ...switches];
  // An option is no path.
  return current.startsWith("-") ? { words: all } : { ...values, words: all };
}

const byName = (name: string | undefined): Offer => (name === "file" || name === "folder" ? name : []);

async function offered(offer: Offer): Promise<Candidates> {
  if (offer === "file" || offer === "folder") return { words: [], paths: offer };
  const values = typeof offer === "function" ? await offer() : offer;
  return { words: values.map((value) => ({ value })) };
}

const startingWith = (current: string, { words, ...paths }: Candidates): Candidates => ({
  words: words.filter(({ value }) => value.startsWith(current)),
  ...paths,
});
