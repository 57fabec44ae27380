/**
 * The first number of a JSON text that does not survive `JSON.parse` and `JSON.stringify`, such as a 64-bit id, or
 * `undefined`. Another spelling of the same number, as 1 of 1.0, survives.
 *
 * It takes text that `JSON.parse` accepted; on any other text the result means nothing.
 */
export function unsafeNumberIn(text: string): string | undefined {
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) {
    if (token.startsWith('"')) continue;
    const kept = JSON.stringify(Number(token));
    if (kept !== token && decimalOf(kept) !== decimalOf(token)) return token;
  }
  return undefined;
}

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** One text for all spellings of a number: its digits without zeros around them, and the power of ten behind. */
function decimalOf(number: string): string {
  const [, sign, whole = "", fraction = "", power = "0"] = DECIMAL.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(power) - fraction.length + digits.length - significant.length}`;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
