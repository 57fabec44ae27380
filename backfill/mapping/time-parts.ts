/** What a text says about a time. */
export type TimeParts = {
  /** `2026-11-23T13:00:00` */
  readonly clock: string;
  /** The digits behind the point. */
  readonly fraction: string;
  /** `Z`, or `+02:00`; absent if the text names none. */
  readonly offset?: string | undefined;
};

/** `+02:00` for `+0200` and `+02`. */
export function offsetOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[+-]\d\d:\d\d$/.test(text)) return text;
  if (!/^[+-]/.test(text)) return "Z";
  return `${text.slice(0, 3)}:${text.slice(3) || "00"}`;
}
