import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { escapePattern } from "#base/escape-pattern.ts";

/**
 * The paths below a folder that match a pattern, each once. Within a name `*` is any text, `?` any character, `[a-c]` one
 * of these, and `{a,b}` either; `**` is any number of folders. A hidden name has to be written with its dot, and a linked
 * folder by its name, since its files may be found without the link too. As Node's own `globSync`, which Node 20 lacks,
 * except that a folder that may not be read is an error: its files would be missing.
 */
export function findPaths(folder: string, pattern: string): string[] {
  const alternatives = expandBraces(pattern).map((each) =>
    each.split("/").filter((name) => name !== "" && name !== "."),
  );
  return [...new Set(alternatives.flatMap((names) => pathsBelow(folder, names)))];
}

function pathsBelow(folder: string, [name, ...others]: readonly string[]): string[] {
  if (name === undefined) return existsSync(folder) ? [folder] : [];
  if (name === "**") {
    const below = others.length === 0 ? ["*"] : others;
    const deeper = entriesOf(folder).filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
    return [
      pathsBelow(folder, below),
      ...deeper.map((entry) => pathsBelow(join(folder, entry.name), [name, ...others])),
    ].flat();
  }
  if (!/[*?[]/.test(name)) return pathsBelow(join(folder, name), others);
  const expression = expressionOf(name);
  return entriesOf(folder)
    .filter((entry) => expression.test(entry.name) && (others.length === 0 || entry.isDirectory()))
    .flatMap((entry) => pathsBelow(join(folder, entry.name), others));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // A pattern for folders matches files too, and those have no entries.
    if (["ENOTDIR", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

function expressionOf(name: string): RegExp {
  const source = name.replace(/\*+|\?|\[(!|\^)?([^\]]+)\]|[^*?[]+|\[/g, (part, negation, characters) => {
    if (part.startsWith("*")) return "[^]*";
    if (part === "?") return "[^]";
    if (characters === undefined) return escapePattern(part);
    return `[${negation ? "^" : ""}${characters.replace(/[\\^[]/g, "\\$&")}]`;
  });
  return new RegExp(`^${name.startsWith(".") ? "" : "(?!\\.)"}${source}$`, "u");
}

/** `a/{b,c}.csv` as `a/b.csv` and `a/c.csv`. */
function expandBraces(pattern: string): string[] {
  // The innermost pair first.
  const found = /^(.*)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern);
  if (!found) return [pattern];
  const [, before, choices = "", after] = found;
  return choices.split(",").flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}
