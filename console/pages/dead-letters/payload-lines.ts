import type { Issue } from "#domain/issue.ts";
import { elementsOf, isNestedDeeperThan, membersOf, skipSpace, valueEnd } from "#json/cut.ts";
import { parseJson } from "#json/parse-json.ts";

/** A line of a payload, with the issues that its contract found at this place. */
export type PayloadLine = {
  readonly depth: number;
  /** The member's name with its quotes, unchanged. */
  readonly name: string | null;
  /** A value, or the bracket that opens or closes one, unchanged. */
  readonly text: string;
  readonly kind: "value" | "open" | "close" | "missing";
  readonly path: string;
  readonly issues: readonly Issue[];
};

/** Deepest nesting that is shown in lines: deeper than any contract. Ours. */
const MAX_NESTING = 100;

/**
 * A JSON text in many lines. Only the white space is changed: numbers, escapes and repeated members are as they came.
 * @returns `undefined` if the text is not JSON, or nests too deeply
 */
export function parseLines(text: string, issues: readonly Issue[] = []): PayloadLine[] | undefined {
  if (!isJson(text) || isNestedDeeperThan(text, MAX_NESTING)) return undefined;
  const lines: PayloadLine[] = [];
  write(lines, { text, at: skipSpace(text, 0), name: null, path: "", depth: 0, comma: "" });
  return marked(lines, issues);
}

const isJson = (text: string): boolean => parseJson(text) !== undefined;

type Place = {
  readonly text: string;
  /** Where the value begins. */
  readonly at: number;
  readonly name: string | null;
  readonly path: string;
  readonly depth: number;
  /** The comma after the value, or nothing. */
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
    lines.push(line("value", text.slice(at, valueEnd(text, at)) + comma, name));
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

/** Adds each issue to its line. The issue of a missing member gets a line where the member would be. */
function marked(lines: readonly PayloadLine[], issues: readonly Issue[]): PayloadLine[] {
  const result = [...lines];
  for (const issue of issues) {
    const exact = lineAt(result, issue.path);
    if (exact >= 0) addTo(result, exact, issue);
    else addMissing(result, issue);
  }
  return result;
}

/** The last line of a path: of repeated members, JSON parsers keep the last. */
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
  // A star stands for a masked name, which has no line.
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

/** Splits an empty object into two lines, so that a missing member can be shown in it. */
function unfold(lines: PayloadLine[], at: number): void {
  const line = lines[at] as PayloadLine;
  const close = { ...line, name: null, kind: "close", text: line.text.slice(1), issues: [] } as const;
  lines.splice(at, 1, { ...line, kind: "open", text: "{" }, close);
}

/** The lines as one text for an editor. A text that is not JSON is returned unchanged. */
export const prettyPrint = (text: string): string =>
  parseLines(text)
    ?.map(({ depth, name, text: value }) => `${"  ".repeat(depth)}${name === null ? "" : `${name}: `}${value}`)
    .join("\n") ?? text;
