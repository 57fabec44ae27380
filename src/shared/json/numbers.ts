/**
 * The first number in a JSON text whose value `JSON.parse` and `JSON.stringify` would change, such as a 64-bit id, or
 * `undefined`. Another notation of the same value, 1 for 1.0, is no change.
 *
 * @param text that `JSON.parse` accepts; for other text the result is undefined
 */
export function findUnsafeNumber(text: string): string | undefined {
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) {
    if (token.startsWith('"')) continue;
    const kept = JSON.stringify(Number(token));
    if (kept !== token && normalizeDecimal(kept) !== normalizeDecimal(token)) return token;
  }
  return undefined;
}

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** The same text for all notations of a number: its digits without leading and trailing zeros, and a power of ten. */
function normalizeDecimal(number: string): string {
  const [, sign, whole = "", fraction = "", power = "0"] = DECIMAL.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(power) - fraction.length + digits.length - significant.length}`;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
