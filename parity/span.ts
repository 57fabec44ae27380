const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const SPAN = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

/** What a text that is no span of time is told to be. */
export const SPAN_FORM = "a span of time: 500ms, 10s, 60m, 26h, 2d";

/** Milliseconds of a span of time, or `undefined` for other text. */
export function spanMs(text: string): number | undefined {
  const [, count, unit] = SPAN.exec(text.trim()) ?? [];
  return count === undefined ? undefined : Math.round(Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]);
}

/** A span for people, in its two largest units: `1 h 5 min`, `40 s`. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
