import * as z from "zod";
import type { Change } from "#domain/change.ts";
import { DeviceId, EventId, type Place } from "./envelope.ts";
import { moment, time } from "./time.ts";

/** For a source whose event ids are text, as ours are. */
export { EventId };

/**
 * Schemas that read what sources of the outside world write, and yield what contracts have. The catalogue and the masks
 * describe what is written. What is stored of an event is what was written, too; only its `Change` is converted. Each
 * converts back by `z.encode`.
 */

/** Never -0, which JSON does not have. */
const round = (value: number, digits: number): number => Number(value.toFixed(digits)) + 0;

type Temperature = {
  /** Digits after the point of what it yields, in °C. */
  readonly digits?: number;
  /** Limits in °F; by default those that every temperature of ours has. */
  readonly min?: number;
  readonly max?: number;
};

/** A temperature in °F, as °C with so many digits. Degrees Celsius with that many digits survive the way there and back. */
export const fahrenheit = ({ digits = 1, min = -148, max = 392 }: Temperature = {}) =>
  z.codec(z.number().min(min).max(max).meta({ description: "Degrees Fahrenheit." }), z.number(), {
    decode: (degreesF) => round(((degreesF - 32) * 5) / 9, digits),
    encode: (degreesC) => toFahrenheit(degreesC, digits),
  });

/** °C in °F, for `desires`: what a source is told. */
export const toFahrenheit = (degreesC: number, digits = 1): number => round((degreesC * 9) / 5 + 32, digits);

/** The last moment of the year 9999 UTC. */
const MAX_MS = 253_402_300_799_999;

/** Milliseconds since 1970 UTC, as RFC 3339. */
export const epochMilliseconds = () =>
  z.codec(z.int().min(0).max(MAX_MS).meta({ description: "Milliseconds since 1970 UTC." }), time, {
    decode: (ms) => new Date(ms).toISOString(),
    encode: (text) => Math.floor(epochOf(text).ms),
  });

/**
 * Seconds since 1970 UTC, with or without a fraction, as RFC 3339. Up to six digits of the fraction are exact: a JSON
 * number of this size has no more.
 */
export const epochSeconds = () =>
  z.codec(
    z
      .number()
      .min(0)
      .max(MAX_MS / 1_000)
      .meta({ description: "Seconds since 1970 UTC." }),
    time,
    {
      decode: (seconds) => {
        const [whole = "0", fraction = ""] = decimal(seconds).split(".");
        const text = new Date(Number(whole) * 1_000).toISOString().slice(0, 19);
        return `${text}${fraction === "" ? "" : `.${fraction}`}Z`;
      },
      encode: (text) => {
        const { ms, finer } = epochOf(text);
        return Number(`${Math.floor(ms / 1_000)}.${String(ms % 1_000).padStart(3, "0")}${finer}`);
      },
    },
  );

/** JavaScript writes numbers below a millionth with an exponent. */
const decimal = (seconds: number): string =>
  seconds < 1e-6 ? seconds.toFixed(12).replace(/\.?0+$/, "") : String(seconds);

/** A time in milliseconds since 1970, and its digits beyond them. */
function epochOf(text: string): { ms: number; finer: string } {
  const [, milliseconds = "", finer = ""] = /^(.{23}Z)(\d*)$/.exec(moment(text)) ?? [];
  return { ms: Date.parse(milliseconds), finer };
}

/** A source's words for ours: `words({ low: "info", high: "critical" })`. Of several words with one meaning the first is written. */
export function words<const Words extends Readonly<Record<string, string>>>(theirs: Words) {
  type Their = Extract<keyof Words, string>;
  type Our = Words[Their];
  const names = Object.keys(theirs) as [Their, ...Their[]];
  const ours = [...new Set(Object.values(theirs))] as [Our, ...Our[]];
  return z.codec(z.enum(names), z.enum(ours), {
    decode: (name) => theirs[name as Their] as never,
    encode: (meaning) => names.find((name) => theirs[name] === meaning) as never,
  });
}

type ForeignId = {
  /** What all ids begin with, which is left out: `enterprises/p-1/devices/`. */
  readonly after?: string;
  /** The longest id, in characters. */
  readonly max?: number;
};

/**
 * An id of any text as a device id of ours. Letters, digits, `.`, `:` and `-` stay; each byte of anything else becomes
 * `_` and two hexadecimal digits, so that two ids never become the same. An id is refused if ours would have more than
 * 64 characters.
 */
export const deviceIdFrom = ({ after = "", max = 64 }: ForeignId = {}) =>
  z.codec(
    z
      .string()
      .min(after.length + 1)
      .max(after.length + max)
      .refine(
        (id) => id.startsWith(after) && id.isWellFormed(),
        `Invalid id: must be text that begins with "${after}"`,
      ),
    DeviceId,
    {
      decode: (id) => id.slice(after.length).replace(/[^A-Za-z0-9.:-]/gu, escaped),
      encode: (id) => `${after}${decodeURIComponent(id.replaceAll("%", "%25").replace(/_([0-9a-f]{2})/g, "%$1"))}`,
    },
  );

/** Percent-encoding, with another sign; `encodeURIComponent` leaves some of ASCII as it is. */
const escaped = (character: string): string =>
  character < "\u0080"
    ? `_${character.charCodeAt(0).toString(16).padStart(2, "0")}`
    : encodeURIComponent(character).replaceAll("%", "_").toLowerCase();

/** A device id that is a whole number; as a record's key it is text. */
export const deviceIdFromNumber = () =>
  z.codec(
    z.union([
      z.int().min(0),
      z
        .string()
        .max(16)
        .regex(/^(0|[1-9][0-9]*)$/),
    ]),
    DeviceId,
    {
      decode: String,
      encode: Number,
    },
  );

/** An event id that is a whole number. It may be text too, as the ids of events that Concord makes are. */
export const eventIdFromNumber = () =>
  z.codec(z.union([z.int().min(0), EventId]), EventId, {
    decode: String,
    encode: (id) => (/^(0|[1-9][0-9]{0,14})$/.test(id) ? Number(id) : id),
  });

/** What one kind of event of a shared topic has, and what it changes. */
type Kind<Data extends z.ZodObject> = {
  readonly data: Data;
  readonly toChange: (data: z.output<Data>) => Change;
};

/**
 * One topic for many kinds of events, which a member tells apart: `...oneOf("type", { paired: {…}, alarm: {…} })` in a
 * contract. Each kind has its own data, beside that member, and its own change. A value of another kind is refused.
 */
export function oneOf<const Member extends string, Shapes extends Readonly<Record<string, z.ZodObject>>>(
  member: Member,
  kinds: { readonly [Name in keyof Shapes]: Kind<Shapes[Name]> },
) {
  type Name = Extract<keyof Shapes, string>;
  type Read = { [N in Name]: { [K in Member]: N } & z.output<Shapes[N]> }[Name];
  type Written = { [N in Name]: { [K in Member]: N } & z.input<Shapes[N]> }[Name];
  const names = Object.keys(kinds) as Name[];
  const options = names.map((name) => z.object({ [member]: z.literal(name), ...kinds[name].data.shape }));
  return {
    data: z.discriminatedUnion(member, options as never) as unknown as z.ZodType<Read, Written>,
    toChange: (data: Read): Change => {
      const { [member]: name, ...rest } = data as Record<string, unknown>;
      return kinds[name as Name].toChange(rest as never);
    },
  };
}

/** Where a source's values have a member of the envelope: `place("device.id", deviceIdFrom())`. */
export const place = (at: string, as: z.ZodType<string>): Place => ({ at, as });
