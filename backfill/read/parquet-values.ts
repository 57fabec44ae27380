/** A decimal that is stored as an integer of its smallest units: 1234 with scale 2 is `12.34`. */
export function decimalOfUnits(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0n ? "-" : ""}${whole}${scale === 0 ? "" : `.${digits.slice(digits.length - scale)}`}`;
}

/** The same from big-endian bytes in two's complement. */
export function decimalOfBytes(bytes: Uint8Array, scale: number): string {
  const units = bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  return decimalOfUnits(BigInt.asIntN(bytes.length * 8, units), scale);
}

/**
 * A time since 1970 as text without a zone: `2026-11-23T13:00:00.123456`. Zeros at the end of the fraction are left out.
 * @param digits of the fraction: 3 for milliseconds, 9 for nanoseconds
 */
export function textOfTime(units: bigint, digits: 3 | 6 | 9): string {
  const perSecond = 10n ** BigInt(digits);
  const fraction = ((units % perSecond) + perSecond) % perSecond;
  const seconds = new Date(Number((units - fraction) / perSecond) * 1_000);
  // A time that is beyond a Date stays a number, which no mapping takes for a time.
  if (Number.isNaN(seconds.getTime())) return String(units);
  const text = fraction.toString().padStart(digits, "0").replace(/0+$/, "");
  return `${seconds.toISOString().slice(0, -".000Z".length)}${text === "" ? "" : `.${text}`}`;
}

/** A date as text: `2026-11-23`. */
export function textOfDays(days: number): string {
  const date = new Date(days * 86_400_000);
  return Number.isNaN(date.getTime()) ? String(days) : date.toISOString().slice(0, -"T00:00:00.000Z".length);
}
