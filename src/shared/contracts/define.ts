import * as z from "zod";
import type { Change } from "../domain/change.ts";
import { isLateEnough, isSoundSoFar, moment, time } from "./time.ts";
import type { TopicName, TopicParts } from "./topic.ts";
import { topicPartsOf } from "./topic.ts";

/** One topic's promise: what its events look like and what they do to a device. */
export type Contract<Data extends z.ZodType = z.ZodType> = TopicParts & {
  readonly topic: string;
  /** Counts up with every change that readers could notice. */
  readonly version: number;
  readonly summary: string;
  /** The schema of the `data` member. */
  readonly data: Data;
  /** The schema of the whole record value. */
  readonly value: z.ZodType<Envelope<z.output<Data>>>;
  /** Pure: from the source's words to ours. */
  readonly toChange: (data: z.output<Data>) => Change;
  /** What a record without a value does to the device that its key names; without this, such a record is refused. */
  readonly tombstone?: Change | undefined;
  /** The `data` of a typical event. */
  readonly example: z.input<Data>;
  /** Former names; records under them are read as this topic until the given date. */
  readonly aliases: readonly Alias[];
};

/** `until` is an RFC 3339 date; from midnight UTC on that day the alias is an unknown topic. */
export type Alias = { readonly topic: string; readonly until: string };

export type Envelope<Data = unknown> = { eventId: string; occurredAt: string; deviceId: string; data: Data };

export type ContractSpec<Topic extends string, Data extends z.ZodType> = {
  readonly topic: TopicName<Topic>;
  readonly version?: number;
  readonly summary: string;
  readonly data: Data;
  readonly toChange: (data: z.output<Data>) => Change;
  readonly tombstone?: Change;
  readonly example: z.input<Data>;
  readonly aliases?: readonly Alias[];
};

/**
 * Defines the contract of one topic. The TypeScript type of the data follows from the schema.
 * @throws Error at start-up when the topic breaks the grammar in a way the type cannot see.
 */
export function defineContract<const Topic extends string, Data extends z.ZodType>(
  spec: ContractSpec<Topic, Data>,
): Contract<Data> {
  const parts = topicPartsOf(spec.topic);
  if (!parts) throw new Error(`${spec.topic} breaks the topic grammar device.{sourceType}.{entity}.{action}`);
  const { topic, version = 1, summary, data, toChange, tombstone, example, aliases = [] } = spec;
  return { ...parts, topic, version, summary, data, value: envelopeOf(data), toChange, tombstone, example, aliases };
}

export const DeviceId = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9._:-]{1,64}$/)
  .meta({ description: "Unique within its source." });

export const EventId = z
  .string()
  .min(1)
  .max(128)
  .refine(isPlainText, "Invalid string: must be well-formed text without control characters")
  .meta({ description: "Unique per source event; a repeated delivery carries the same one." });

export const OccurredAt = time
  .refine((text) => isLateEnough(moment(text)), {
    error: "Invalid time: must not lie before 1970 UTC",
    when: isSoundSoFar,
  })
  .meta({
    format: "date-time",
    description:
      "When it happened at the source, RFC 3339 with an offset. Decides, to its last digit, which event is newer.",
  });

/** What every record value carries around its data. Unknown members are tolerated in reading and not stored. */
const envelopeOf = <Data extends z.ZodType>(data: Data) =>
  z.object({ eventId: EventId, occurredAt: OccurredAt, deviceId: DeviceId, data }) as unknown as z.ZodType<
    Envelope<z.output<Data>>
  >;

/** Text that D1, SQLite's JSON functions and JavaScript all keep as it is. */
export function isPlainText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  return text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text);
}
