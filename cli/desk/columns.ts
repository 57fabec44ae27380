/** A column of a table: its title, what stands in it, and how wide it may get. */
export type Column<T> = {
  readonly title: string;
  readonly of: (item: T) => string | number;
  readonly most?: number;
  readonly align?: "right";
};

const GAP = "  ";

/**
 * Lines of a table that fits a terminal. What is too long is cut with an ellipsis; the last column takes what is left.
 * @param width of the terminal, in columns
 */
export function columnsOf<T>(items: readonly T[], columns: readonly Column<T>[], width: number): string[] {
  const cells = items.map((item) => columns.map(({ of }) => printable(String(of(item)))));
  const widths = columns.map(({ title, most = Number.POSITIVE_INFINITY }, i) =>
    Math.min(most, Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0))),
  );
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  widths[widths.length - 1] = Math.max(8, Math.min(widths.at(-1) ?? 0, width - before));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => fitted(cell, widths[i] ?? 0, columns[i]?.align))
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...cells.map(line)];
}

/** What a record holds could otherwise move the cursor, or worse. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");

function fitted(text: string, width: number, align?: "right"): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return align === "right" ? cut.padStart(width) : cut.padEnd(width);
}

/** `3 min ago`, for a time as the API gives it. */
export function agoOf(time: string | null, nowMs: number): string {
  if (time === null) return "–";
  const seconds = Math.round((nowMs - Date.parse(time)) / 1_000);
  if (seconds < 5) return "just now";
  const [size, name] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${name} ago`;
}

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;
