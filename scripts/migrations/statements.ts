/** A token of SQL as SQLite reads it. Comments and white space are none. */
export type Token = {
  /** A word in capitals, as `TABLE`; a name without its quotes, as `devices`; anything else as it stands. */
  readonly text: string;
  /** A bare word may be a keyword or a name; what is in quotes is never a keyword. */
  readonly kind: "word" | "name" | "string" | "other";
};

/** One statement of a migration. */
export type Statement = {
  /** Line of its first token, from 1. */
  readonly line: number;
  /** As it is written, without the semicolon. */
  readonly sql: string;
  readonly tokens: readonly Token[];
  /** Why it was allowed, if a line `-- reviewed: why` stands directly above it. */
  readonly reviewed: string | undefined;
};

const PIECE =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>x?'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<other>\d[\w.]*|[\s\S])/giuy;

type Piece = Token & { readonly start: number; readonly end: number };

/** The statements of a migration. A trigger is one statement, with all that is between its BEGIN and its END. */
export function readStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let pieces: Piece[] = [];
  const finish = () => {
    const [first] = pieces;
    if (first) statements.push(statementOf(sql, first, pieces));
    pieces = [];
  };
  for (const piece of piecesOf(sql)) {
    if (piece.text === ";" && isWhole(pieces)) finish();
    else pieces.push(piece);
  }
  finish();
  return statements;
}

function* piecesOf(sql: string): Generator<Piece> {
  for (const { 0: text, index, groups = {} } of sql.matchAll(PIECE)) {
    const { string, name, word, other } = groups;
    const place = { start: index, end: index + text.length };
    if (word) yield { ...place, kind: "word", text: word.toUpperCase() };
    else if (name) yield { ...place, kind: "name", text: unquoted(name) };
    else if (string) yield { ...place, kind: "string", text: string };
    else if (other) yield { ...place, kind: "other", text: other };
  }
}

function unquoted(name: string): string {
  const quote = name.at(-1) ?? "";
  return name.slice(1, -1).replaceAll(quote + quote, quote);
}

/** As SQLite's `sqlite3_complete`: a trigger ends only with `; END`. */
function isWhole(pieces: readonly Piece[]): boolean {
  const words = pieces.filter(({ kind }) => kind === "word").map(({ text }) => text);
  const isTrigger = /^CREATE (?:TEMP |TEMPORARY )?TRIGGER\b/.test(words.slice(0, 3).join(" "));
  return !isTrigger || (pieces.at(-1)?.text === "END" && pieces.at(-2)?.text === ";");
}

function statementOf(sql: string, first: Piece, pieces: readonly Piece[]): Statement {
  return {
    line: sql.slice(0, first.start).split("\n").length,
    sql: sql.slice(first.start, pieces.at(-1)?.end),
    tokens: pieces.map(({ kind, text }) => ({ kind, text })),
    reviewed: reviewAbove(sql.slice(0, first.start)),
  };
}

/** Of the comment lines that stand directly above a statement, the one that says it was reviewed. Only the first of a line has any. */
function reviewAbove(before: string): string | undefined {
  const [sameLine = "", ...above] = before.split("\n").reverse();
  if (sameLine.trim() !== "") return undefined;
  for (const line of above) {
    if (!line.trimStart().startsWith("--")) return undefined;
    const why = /^\s*-- reviewed: +(\S.*)$/.exec(line)?.[1];
    if (why !== undefined) return why.trim();
  }
  return undefined;
}
