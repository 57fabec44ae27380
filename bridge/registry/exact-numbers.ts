/** JSON's numbers have as many digits as they need; only reading them as a double takes some away. */
export type ExactNumber = number | { readonly rawJSON: string };

/** In V8 since Node 21; TypeScript's library does not have it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => { readonly rawJSON: string } };

/** @param digits a number as JSON writes it @returns what `JSON.stringify` writes with all of these digits */
export const exactNumber = (digits: string): ExactNumber => rawJSON(digits);

export const exactInteger = (value: bigint): ExactNumber =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : rawJSON(String(value));

export const integerOf = (value: ExactNumber): bigint => BigInt(typeof value === "number" ? value : value.rawJSON);

/** JSON has no infinities and no NaN. Text stands for them, as in the JSON of Protobuf. */
export const jsonDouble = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** 21.3 in four bytes is 21.299999237060547 in eight. The shortest number that has the same four bytes is what was meant. */
export function jsonFloat(value: number): number | string {
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 6; ; digits++) {
    const short = Number(value.toPrecision(digits));
    // Nine digits are always enough.
    if (digits === 9 || Math.fround(short) === value) return short;
  }
}
