import type { Issue } from "../../../../../src/shared/domain/issue.ts";
import { elementsOf, endOfValue, membersOf, nestsDeeperThan, skipSpace } from "../../../../../src/shared/json/cut.ts";

/** A line of a payload as it is read, with what its contract has against just this place. */
export type PayloadLine = {
  readonly depth: number;
  /** The member's name with its quotes, as it came. */
  readonly name: string | null;
  /** A value, or the bracket that opens or closes one, as it came. */
  readonly text: string;
  readonly kind: "value" | "open" | "close" | "missing";
  readonly path: string;
  readonly issues: readonly Issue[];
};

/** Deeper than any contract goes, and than anybody can read. Ours. */
const MAX_NESTING = 100;

/**
 * A JSON text over many lines. Only the space between its parts is ours: numbers, escapes and members that stand there
 * twice are as they came.
 * @returns `undefined` for what is not JSON, or nests too deeply to be read like this
 */
export function linesOf(text: string, issues: readonly Issue[] = []): PayloadLine[] | undefined {
  if (!isJson(text) || nestsDeeperThan(text, MAX_NESTING)) return undefined;
  const lines: PayloadLine[] = [];
  write(lines, { text, at: skipSpace(text, 0), name: null, path: "", depth: 0, comma: "" });
  return marked(lines, issues);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type Place = {
  readonly text: string;
  /** Where the value begins. */
  readonly at: number;
  readonly name: string | null;
  readonly path: string;
  readonly depth: number;
  /** What stands behind it. */
  readonly comma: string;
};

function write(lines: PayloadLine[], place: Place): void {
  const { text, at, name, path, depth, comma } = place;
  const line = (kind: PayloadLine["kind"], shown: string, own: string | null): PayloadLine => ({
    depth,
    name: own,
    text: shown,
    kind,
    path,
    issues: [],
  });
  const [open, close] = bracketsOf(text[at]);
  if (open === undefined || close === undefined) {
    lines.push(line("value", text.slice(at, endOfValue(text, at)) + comma, name));
    return;
  }
  const inner =
    open === "{"
      ? [...membersOf(text, at)].map(({ written, start }) => ({ name: text.slice(written.start, written.end), start }))
      : [...elementsOf(text, at)].map(({ start }) => ({ name: null, start }));
  if (inner.length === 0) {
    lines.push(line("value", open + close + comma, name));
    return;
  }
  lines.push(line("open", open, name));
  inner.forEach((each, i) => {
    const key = each.name === null ? String(i) : (JSON.parse(each.name) as string);
    write(lines, {
      text,
      at: each.start,
      name: each.name,
      path: joined(path, key),
      depth: depth + 1,
      comma: i < inner.length - 1 ? "," : "",
    });
  });
  lines.push(line("close", close + comma, null));
}

const bracketsOf = (character: string | undefined): readonly [open?: string, close?: string] =>
  character === "{" ? ["{", "}"] : character === "[" ? ["[", "]"] : [];

const joined = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** Puts each issue beside its line; one of a member that is not there, where the member would stand. */
function marked(lines: readonly PayloadLine[], issues: readonly Issue[]): PayloadLine[] {
  const result = [...lines];
  for (const issue of issues) {
    const exact = lineAt(result, issue.path);
    if (exact >= 0) addTo(result, exact, issue);
    else addMissing(result, issue);
  }
  return result;
}

/** The last one, which is the one that a reader of JSON keeps. */
const lineAt = (lines: readonly PayloadLine[], path: string): number =>
  lines.findLastIndex((line) => line.path === path && line.kind !== "close");

function addTo(lines: PayloadLine[], at: number, issue: Issue): void {
  const line = lines[at] as PayloadLine;
  lines[at] = { ...line, issues: [...line.issues, issue] };
}

function addMissing(lines: PayloadLine[], issue: Issue): void {
  const names = issue.path.split(".");
  let at = -1;
  let missing = "";
  while (at < 0) {
    missing = missing === "" ? (names.pop() as string) : `${names.pop()}.${missing}`;
    at = lineAt(lines, names.join("."));
  }
  const { kind, text, depth, path } = lines[at] as PayloadLine;
  // A star stands for a name that nobody is shown, so there is no place to show.
  const hasRoom = kind === "open" || text.startsWith("{}");
  if (!hasRoom || missing.includes("*")) {
    addTo(lines, at, issue);
    return;
  }
  if (kind !== "open") unfold(lines, at);
  const close = lines.findIndex((line, i) => i > at && line.kind === "close" && line.depth === depth);
  const name = JSON.stringify(missing);
  lines.splice(close, 0, {
    depth: depth + 1,
    name,
    text: "",
    kind: "missing",
    path: joined(path, missing),
    issues: [issue],
  });
}

/** Of an empty object, room for what should have been in it. */
function unfold(lines: PayloadLine[], at: number): void {
  const line = lines[at] as PayloadLine;
  const close = { ...line, name: null, kind: "close", text: line.text.slice(1), issues: [] } as const;
  lines.splice(at, 1, { ...line, kind: "open", text: "{" }, close);
}

/** The same over many lines as one text, for somebody to write in; what is not JSON stays as it is. */
export const prettyOf = (text: string): string =>
  linesOf(text)
    ?.map(({ depth, name, text: value }) => `${"  ".repeat(depth)}${name === null ? "" : `${name}: `}${value}`)
    .join("\n") ?? text;
