import type { Statement } from "./statements.ts";

/**
 * A statement as one line that patterns can look at: keywords in capitals; names that were quoted, and strings with their
 * quotes, in small letters and without a space; one space between. So `DROP TABLE "Drop";` is `DROP TABLE drop`.
 */
export function shapeOf({ tokens }: Pick<Statement, "tokens">): string {
  const texts = tokens.map(({ kind, text }) =>
    kind === "name" || kind === "string" ? text.toLowerCase().replaceAll(/[\s.();]/g, "_") : text,
  );
  return texts.join(" ").replaceAll(/(?:MAIN|main|'main') \. /g, "");
}

/** A name as it is compared: SQLite's names do not tell capitals from small letters, and may stand as a string. */
export const nameOf = (text: string | undefined): string => (text ?? "").toLowerCase().replace(/^'(.*)'$/, "$1");

const CREATED = /^CREATE (?:UNIQUE |VIRTUAL )?(?:TABLE|INDEX|VIEW|TRIGGER) (?:IF NOT EXISTS )?(\S+)/;
const RENAMED = /^ALTER TABLE \S+ RENAME TO (\S+)/;

/** The name of the table, index, view or trigger that a statement makes. */
export const createdBy = (shape: string): string | undefined => nameIn(CREATED, shape);

/** The name that a statement gives to a table that was there, with its rows. */
export const renamedBy = (shape: string): string | undefined => nameIn(RENAMED, shape);

function nameIn(pattern: RegExp, shape: string): string | undefined {
  const name = pattern.exec(shape)?.[1];
  return name === undefined ? undefined : nameOf(name);
}

/** What stands outside of all parentheses: `UPDATE a SET b = ( SELECT c WHERE d )` is `UPDATE a SET b = ( )`. */
export function outerOf(shape: string): string {
  let depth = 0;
  const kept = shape.split(" ").filter((text) => {
    if (text === ")") depth--;
    const isOuter = depth === 0;
    if (text === "(") depth++;
    return isOuter;
  });
  return kept.join(" ");
}

/** What stands behind a statement's own WHERE, with its parentheses; empty if it has none. */
export function whereOf(shape: string): string {
  const texts = shape.split(" ");
  let depth = 0;
  const at = texts.findIndex((text) => {
    if (text === "(") depth++;
    if (text === ")") depth--;
    return depth === 0 && text === "WHERE";
  });
  return at < 0 ? "" : texts.slice(at + 1).join(" ");
}
