/**
 * The text of a key that is a JSON string. Half a surrogate pair, escaped, is no text that UTF-8 has, and would be taken
 * for a byte that is none (#base/utf8.ts): such a key stays as it is written, in its quotes.
 */
export function stringKey(written: string): string {
  const key = JSON.parse(written) as string;
  const isExact = !/\\u[dD][89a-fA-F]/.test(written) || (written.isWellFormed() && key.isWellFormed());
  return isExact ? key : written;
}
