const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 12,345 */
export const countOf = (value: number): string => whole.format(value);

/** "1 entry", "2 entries". @param many what more than one are called, where an s does not make it */
export const countedOf = (count: number, one: string, many = `${one}s`): string =>
  `${countOf(count)} ${count === 1 ? one : many}`;

/** 12.3K, for where there is little room. */
export const shortCountOf = (value: number): string => short.format(value);

/** "0.4/s", "12/s": as many digits as mean something. */
export const rateOf = (perSecond: number): string =>
  `${perSecond === 0 ? "0" : perSecond < 0.095 ? perSecond.toFixed(2) : perSecond < 9.95 ? perSecond.toFixed(1) : whole.format(perSecond)}/s`;

/** "250 ms", "1.5 s", "2 min", "3 h". */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}

/** "99.95 %", never rounded up to a hundred. */
export const percentOf = (share: number): string => `${Math.floor(share * 10_000) / 100} %`;
