import type { Paint } from "./paint.ts";
import { PLAIN } from "./paint.ts";
import { cutTo, printable, widthOf } from "./printable.ts";

/** A column of a table: its title, and what stands in it. */
export type Column<T> = {
  readonly title: string;
  readonly of: (item: T) => string | number;
  readonly most?: number;
  /** May be cut down to so many columns where there is little room; else it is never cut below `most`. */
  readonly least?: number;
  /** Goes where there is too little room; of several, the lowest first. */
  readonly goes?: number;
  readonly align?: "right";
  readonly tone?: (item: T) => keyof Paint;
};

const GAP = "  ";

/**
 * Lines of a table that fits a terminal. What is too long is cut with an ellipsis; the last column takes what is left.
 * @param width of the terminal, in columns
 */
export function columnsOf<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  width: number,
  paint: Paint = PLAIN,
): string[] {
  const all = columns.map((column) => ({ ...column, cells: items.map((item) => printable(String(column.of(item)))) }));
  const shown = fitting(all, width);
  const titles = shown.map(({ title, align, room }) => aligned(title, room, align)).join(GAP);
  const lines = items.map((item, i) =>
    shown
      .map(({ cells, align, room, tone }) => {
        const cell = aligned(cells[i] ?? "", room, align);
        return tone ? paint[tone(item)](cell) : cell;
      })
      .join(GAP)
      .trimEnd(),
  );
  return [paint.title(titles.trimEnd()), ...lines];
}

type Filled<T> = Column<T> & { readonly cells: readonly string[] };

/** Drops columns that may go, then cuts those that may be cut, until all of it fits. */
function fitting<T>(columns: readonly Filled<T>[], width: number): (Filled<T> & { readonly room: number })[] {
  const wanted = columns.map((column) => {
    const most = Math.min(column.most ?? Number.POSITIVE_INFINITY, widest(column));
    return { ...column, room: most, least: Math.min(most, column.least ?? most) };
  });
  const last = wanted.at(-1);
  if (last) last.least = Math.min(last.room, LAST_LEAST);
  const tooMuch = (rooms: readonly number[]) =>
    rooms.reduce((sum, room) => sum + room, GAP.length * (rooms.length - 1)) - width;

  const [first] = wanted.filter(({ goes }) => goes !== undefined).sort((a, b) => (a.goes ?? 0) - (b.goes ?? 0));
  if (first && tooMuch(wanted.map(({ least }) => least)) > 0) {
    return fitting(
      columns.filter((_, i) => wanted[i] !== first),
      width,
    );
  }
  let over = tooMuch(wanted.map(({ room }) => room));
  // From the right: what stands on the left names the thing.
  for (const column of wanted.toReversed()) {
    const cut = Math.max(0, Math.min(over, column.room - column.least));
    column.room -= cut;
    over -= cut;
  }
  return wanted;
}

/** Below it, the last column says nothing any more. */
const LAST_LEAST = 16;

const widest = ({ title, cells }: Filled<never>): number =>
  cells.reduce((most, cell) => Math.max(most, widthOf(cell)), title.length);

function aligned(text: string, room: number, align?: "right"): string {
  const cut = cutTo(text, room);
  const rest = " ".repeat(Math.max(0, room - widthOf(cut)));
  return align === "right" ? rest + cut : cut + rest;
}
