/** Called with the progress so far. */
export type Progress = (done: number, total: number) => void;

const WIDTH = 32;

/** A progress bar on a terminal, and a line at each tenth elsewhere. */
export function bar(label: string): Progress {
  let lastTenth = -1;
  return (done, total) => {
    const share = total === 0 ? 1 : done / total;
    if (process.stdout.isTTY) {
      const filled = Math.round(share * WIDTH);
      process.stdout.write(
        `\r  ${label.padEnd(28)} ${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${done}/${total}`,
      );
      if (done === total) process.stdout.write("\n");
      return;
    }
    const tenth = Math.floor(share * 10);
    if (tenth > lastTenth && (tenth % 2 === 0 || done === total)) console.log(`  ${label.padEnd(28)} ${done}/${total}`);
    lastTenth = tenth;
  };
}

export type Row = readonly [name: string, figure: string | number, note?: string];

/** Rows of a name and a figure, aligned. */
export function table(rows: readonly Row[]): string {
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const figureWidth = Math.max(...rows.map(([, figure]) => String(figure).length));
  return rows
    .map(([name, figure, note = ""]) =>
      `  ${name.padEnd(nameWidth)}  ${String(figure).padStart(figureWidth)}  ${note}`.trimEnd(),
    )
    .join("\n");
}

/** @param share from 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
