import type { SourceTraits } from "#domain/source-traits.ts";
import type { EnvelopePlaces } from "./envelope.ts";

/** What is particular to one source as a whole; its topics are the other files of its folder. */
export type SourceSpec = SourceTraits & {
  /** The name of its folder, and its segment of topics and device keys: lower-case letters and digits. */
  readonly name: string;
  /**
   * Of several sources that have a record of the same dealer or customer id, readers see the record of the source with
   * the lowest number. Two sources cannot have the same one.
   */
  readonly precedence: number;
  /**
   * The time and device of its contracts' examples: RFC 3339 with its usual precision and time zone, and the id as device
   * keys have it. An event id only if those of its envelope are no text of any kind.
   */
  readonly example: { readonly occurredAt: string; readonly deviceId: string; readonly eventId?: string };
  /** Where its values have what ours have as `{ eventId, occurredAt, deviceId, data }`, if not there. */
  readonly envelope?: EnvelopePlaces;
};

/** Describes a source. It is read before its topics are, so it imports none of them. */
export const defineSource = <const Spec extends SourceSpec>(spec: Spec): Spec => spec;
