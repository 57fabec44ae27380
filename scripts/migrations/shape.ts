import type { Statement } from "./statements.ts";

/**
 * A statement as one line that patterns can look at: keywords in capitals, names that were quoted in small letters, each
 * string as `''`, one space between. So `DROP TABLE "Drop";` is `DROP TABLE drop`.
 */
export function shapeOf({ tokens }: Pick<Statement, "tokens">): string {
  const texts = tokens.map(({ kind, text }) => {
    if (kind === "string") return "''";
    return kind === "name" ? text.toLowerCase().replaceAll(/[\s.();]/g, "_") : text;
  });
  return texts.join(" ").replaceAll("MAIN . ", "").replaceAll("main . ", "");
}

/** A name as it is compared: SQLite's names do not tell capitals from small letters. */
export const nameOf = (text: string | undefined): string => (text ?? "").toLowerCase();

const CREATED = /^CREATE (?:UNIQUE |VIRTUAL )?(?:TABLE|INDEX|VIEW|TRIGGER) (?:IF NOT EXISTS )?(\S+)/;
const RENAMED = /^ALTER TABLE \S+ RENAME TO (\S+)/;

/** The name of the table, index, view or trigger that a statement makes. */
export function createdBy(shape: string): string | undefined {
  const name = CREATED.exec(shape)?.[1] ?? RENAMED.exec(shape)?.[1];
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
