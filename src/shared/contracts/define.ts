import type * as z from "zod";
import type { Actor, Change, DesiredState } from "#domain/change.ts";
import { SOURCE_SPECS } from "./all-sources.ts";
import { type Envelope, type EnvelopePlaces, toValueSchema } from "./envelope.ts";
import { ownWords } from "./own-words.ts";
import type { TopicName, TopicParts } from "./topic.ts";
import { describeBadTopic, parseTopic } from "./topic.ts";
import { type EarlierVersion, requireEveryStep } from "./versions.ts";

/** The contract of one topic: the schema of its events, and their effect on a device. */
export type Contract<Data extends z.ZodType = z.ZodType> = TopicParts & {
  readonly topic: string;
  /** Increases with every change that consumers could notice. */
  readonly version: number;
  /** The versions before it whose records are still read, oldest first: docs/evolving-contracts.md */
  readonly earlier: readonly EarlierVersion[];
  readonly summary: string;
  /** The schema of the `data` member. */
  readonly data: Data;
  /** The schema of the whole record value. */
  readonly value: z.ZodType<Envelope<z.output<Data>>>;
  /** Where a value has the members of the envelope, if its source has them elsewhere than Concord. */
  readonly places?: EnvelopePlaces | undefined;
  /** If `data` converts what it reads: the schema of the data as it was written, without members that nothing declares. */
  readonly own?: z.ZodType | undefined;
  /** Maps the source's data to a `Change`. Pure. */
  readonly toChange: (data: z.output<Data>) => Change;
  /** The data that acknowledges an alert, of a topic that says so; in its member `by` who does it, where it has one. */
  readonly acknowledges?: ((alertId: string, by: Actor | undefined) => z.input<Data>) | undefined;
  /** The data that sets a desired state, of a topic that says so; `by` likewise. */
  readonly desires?: ((state: DesiredState, by: Actor | undefined) => z.input<Data>) | undefined;
  /** The effect of a record without a value on the device that its key names; if absent, such a record is rejected. */
  readonly tombstone?: Change | undefined;
  /** The `data` of a typical event. */
  readonly example: z.input<Data>;
  /** Former names; records under them are accepted as this topic until the given date. */
  readonly aliases: readonly Alias[];
};

/** A contract as it was defined: the type of its topic is that one topic. */
export type DefinedContract<Topic extends string, Data extends z.ZodType> = Contract<Data> & { readonly topic: Topic };

/** `until` is an RFC 3339 date; from midnight UTC on that day the alias is an unknown topic. */
export type Alias = { readonly topic: string; readonly until: string };

export type ContractSpec<Topic extends string, Data extends z.ZodType> = {
  readonly topic: TopicName<Topic>;
  readonly version?: number;
  readonly earlier?: readonly EarlierVersion[];
  readonly summary: string;
  readonly data: Data;
  readonly toChange: (data: z.output<Data>) => Change;
  readonly acknowledges?: (alertId: string, by: Actor | undefined) => z.input<Data>;
  readonly desires?: (state: DesiredState, by: Actor | undefined) => z.input<Data>;
  readonly tombstone?: Change;
  readonly example: z.input<Data>;
  readonly aliases?: readonly Alias[];
};

/**
 * Defines the contract of one topic. The TypeScript type of the data follows from the schema.
 * @throws Error at startup if the topic breaks the grammar or names no source, in a way that its type cannot detect, or
 * if a version is missing between the earliest one and the current one
 */
export function defineContract<const Topic extends string, Data extends z.ZodType>(
  spec: ContractSpec<Topic, Data>,
): DefinedContract<Topic, Data> {
  const parts = parseTopic(spec.topic);
  if (!parts) throw new Error(describeBadTopic(spec.topic));
  const { version = 1, earlier = [], aliases = [], data } = spec;
  requireEveryStep(spec.topic, version, earlier);
  const places = SOURCE_SPECS[parts.source].envelope;
  const own = ownWords(data);
  return {
    ...spec,
    ...parts,
    topic: spec.topic as string as Topic,
    version,
    earlier,
    aliases,
    value: toValueSchema(data, places),
    ...(places && { places }),
    ...(own !== data && { own }),
  };
}
