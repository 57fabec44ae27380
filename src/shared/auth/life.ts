const UNITS: readonly (readonly [pattern: RegExp, seconds: number])[] = [
  [/^(s|sec|seconds?)$/, 1],
  [/^(m|min|minutes?)$/, 60],
  [/^(h|hours?)$/, 3_600],
  [/^(d|days?)$/, 86_400],
  [/^(w|weeks?)$/, 604_800],
];

/** Seconds of a life such as `30m`, `12h`, `30 days` or, for a token that is over already, `-5m`; `undefined` for another text. */
export function lifeSeconds(text: string): number | undefined {
  const [, count = "", unit = ""] = /^(-?\d{1,6}) ?([a-z]+)$/.exec(text) ?? [];
  const [, seconds] = UNITS.find(([pattern]) => pattern.test(unit)) ?? [];
  return seconds === undefined ? undefined : Number(count) * seconds;
}
