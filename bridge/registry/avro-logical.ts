import { type ExactNumber, exactInteger, exactNumber, integerOf } from "./exact-numbers.ts";

/** What a logical type makes of the value under it. What is beyond it (a date in the year 12000) stays as it is. */
export type Convert = (value: unknown) => unknown;

/** @param attributes the schema that has the logical type @returns `undefined` for one that is not known, or not valid */
export function convertLogical(attributes: Readonly<Record<string, unknown>>): Convert | undefined {
  const { logicalType, type, scale = 0 } = attributes;
  switch (`${type} ${logicalType}`) {
    case "bytes decimal":
    case "fixed decimal":
      if (!Number.isInteger(scale) || (scale as number) < 0) return undefined;
      return (value) => decimal((value as Bytes).bytes, scale as number);
    case "fixed uuid":
      return (value) => (value as Bytes).bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    case "fixed duration":
      return (value) => duration((value as Bytes).bytes);
    case "int date":
      return (value) => timeText(integerOf(value as number) * 86_400n, 0)?.slice(0, DAY_WIDTH) ?? value;
    case "int time-millis":
      return clock(3);
    case "long time-micros":
      return clock(6);
    case "long timestamp-millis":
      return moment(3, "Z");
    case "long timestamp-micros":
      return moment(6, "Z");
    case "long timestamp-nanos":
      return moment(9, "Z");
    case "long local-timestamp-millis":
      return moment(3, "");
    case "long local-timestamp-micros":
      return moment(6, "");
    case "long local-timestamp-nanos":
      return moment(9, "");
    default:
      return undefined;
  }
}

/** Bytes in JSON are base64. */
export class Bytes {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
  toJSON(): string {
    return this.bytes.toString("base64");
  }
}

const DAY_WIDTH = "2026-11-23".length;
const SECONDS_WIDTH = "2026-11-23T13:00:00".length;

/** @param digits of a second's fraction: 3 for milliseconds */
const moment =
  (digits: number, zone: string): Convert =>
  (value) => {
    const text = timeText(integerOf(value as ExactNumber), digits);
    return text === undefined ? value : text + zone;
  };

const clock =
  (digits: number): Convert =>
  (value) => {
    const sinceMidnight = integerOf(value as ExactNumber);
    const isClock = sinceMidnight >= 0n && sinceMidnight < 86_400n * 10n ** BigInt(digits);
    return isClock ? timeText(sinceMidnight, digits)?.slice(DAY_WIDTH + 1) : value;
  };

/** A time since 1970 with all its digits, without a zone, or `undefined` outside the years 0 to 9999. */
function timeText(value: bigint, digits: number): string | undefined {
  const unit = 10n ** BigInt(digits);
  const fraction = ((value % unit) + unit) % unit;
  const date = new Date(Number((value - fraction) / unit) * 1_000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined;
  const seconds = date.toISOString().slice(0, SECONDS_WIDTH);
  return digits === 0 ? seconds : `${seconds}.${String(fraction).padStart(digits, "0")}`;
}

/** A signed integer, most significant byte first, of which the last `scale` digits are behind the point. */
function decimal(bytes: Buffer, scale: number): ExactNumber {
  const unscaled = bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
  if (scale === 0) return exactInteger(unscaled);
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return exactNumber(`${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
}

/** Months, days and milliseconds, of which none can be told in the others: ISO 8601, as `P1M2DT3.004S`. */
function duration(bytes: Buffer): string {
  const [months, days, ms] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
  return `P${months}M${days}DT${ms / 1_000}S`;
}
