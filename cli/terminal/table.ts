import { type Paint, PLAIN, type Tone } from "./paint.ts";
import { printable, truncate, widthOf } from "./printable.ts";

export type Column<T> = {
  readonly title: string;
  readonly value: (item: T) => string | number;
  /** Longer values are cut with an ellipsis. */
  readonly maxWidth?: number;
  /** On a narrow terminal the column may shrink to this; without it, it does not shrink. */
  readonly minWidth?: number;
  /** On a narrow terminal columns with a number are left out, the lowest number first. */
  readonly dropOrder?: number;
  readonly align?: "right";
  readonly tone?: (item: T) => Tone;
};

const GAP = "  ";

/** The last column takes the width that is left. With fewer columns than this it says too little. */
const LAST_MIN_WIDTH = 16;

type TableStyle = {
  /** Of the terminal, in columns. */
  readonly width: number;
  readonly paint?: Paint;
};

/** Lines of a table that fits a terminal: its titles, then a line for each item. */
export function tableLines<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  { width, paint = PLAIN }: TableStyle,
): string[] {
  const filled = columns.map((column) => ({
    ...column,
    cells: items.map((item) => printable(String(column.value(item)))),
  }));
  const shown = fit(filled, width);
  const titles = shown.map(({ title, align, room }) => aligned(title, room, align)).join(GAP);
  const lines = items.map((item, i) =>
    shown
      .map(({ cells, align, room, tone }) => {
        const cell = aligned(cells[i] ?? "", room, align);
        return tone ? paint(tone(item), cell) : cell;
      })
      .join(GAP)
      .trimEnd(),
  );
  return [paint("title", titles.trimEnd()), ...lines];
}

type Filled<T> = Column<T> & { readonly cells: readonly string[] };
type Fitted<T> = Filled<T> & { readonly room: number };

/** Leaves out columns that have a drop order, then shrinks those that may shrink, until the table fits. */
function fit<T>(columns: readonly Filled<T>[], width: number): Fitted<T>[] {
  const sized = columns.map((column) => {
    const room = Math.min(column.maxWidth ?? Number.POSITIVE_INFINITY, contentWidth(column));
    return { ...column, room, minimum: Math.min(room, column.minWidth ?? room) };
  });
  const last = sized.at(-1);
  if (last) last.minimum = Math.min(last.room, LAST_MIN_WIDTH);
  const excess = (rooms: readonly number[]) =>
    rooms.reduce((sum, room) => sum + room, GAP.length * (rooms.length - 1)) - width;

  const [next] = sized
    .filter(({ dropOrder }) => dropOrder !== undefined)
    .sort((a, b) => (a.dropOrder ?? 0) - (b.dropOrder ?? 0));
  if (next && excess(sized.map(({ minimum }) => minimum)) > 0) {
    return fit(
      columns.filter((_, i) => sized[i] !== next),
      width,
    );
  }
  let over = excess(sized.map(({ room }) => room));
  // From the right, since the columns on the left identify the item.
  for (const column of sized.toReversed()) {
    const cut = Math.max(0, Math.min(over, column.room - column.minimum));
    column.room -= cut;
    over -= cut;
  }
  return sized;
}

const contentWidth = ({ title, cells }: Filled<never>): number =>
  cells.reduce((most, cell) => Math.max(most, widthOf(cell)), title.length);

function aligned(text: string, room: number, align?: "right"): string {
  const cut = truncate(text, room);
  const rest = " ".repeat(Math.max(0, room - widthOf(cut)));
  return align === "right" ? rest + cut : cut + rest;
}
