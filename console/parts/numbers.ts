const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 12,345 */
export const formatCount = (value: number): string => whole.format(value);

/** "1 entry", "2 entries". @param many what more than one are called, where an s does not make it */
export const pluralize = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** 12.3K, for where there is little room. */
export const formatShortCount = (value: number): string => short.format(value);

/** "0.4/s", "12/s": as many digits as mean something. */
export const formatRate = (perSecond: number): string =>
  `${perSecond === 0 ? "0" : perSecond < 0.095 ? perSecond.toFixed(2) : perSecond < 9.95 ? perSecond.toFixed(1) : whole.format(perSecond)}/s`;

/** "250 ms", "1.5 s", "2 min", "3 h". */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}

/** "99.95 %", never rounded up to a hundred. */
export const formatPercent = (share: number): string => `${hundredthsOf(share)} %`;

/** The same in a column, where hundredths stand one under the other: "95.00 %". */
export const formatPercentInColumn = (share: number): string => `${hundredthsOf(share).toFixed(2)} %`;

const hundredthsOf = (share: number): number => Math.floor(share * 10_000) / 100;
