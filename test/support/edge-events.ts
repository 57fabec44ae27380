import * as fc from "fast-check";
import type { Envelope } from "#contracts/envelope.ts";
import { CONTRACTS } from "#contracts/index.ts";
import type { Topic } from "#contracts/produce.ts";
import { edgeEvents } from "#testing/edge-events.ts";

export type EdgeEvent = { readonly topic: string; readonly about: string; readonly value: Envelope };

/** Events at the edges of every contract, with their values as they are read from JSON. */
export const EDGE_EVENTS: readonly EdgeEvent[] = CONTRACTS.flatMap(({ topic }) =>
  edgeEvents(topic as Topic).map(({ about, record }) => ({ topic, about, value: JSON.parse(record.value) })),
);

/** One of them; of one topic, if that is given. */
export const edgeEvent = (topic?: string): fc.Arbitrary<EdgeEvent> =>
  fc.constantFrom(...EDGE_EVENTS.filter((event) => topic === undefined || event.topic === topic));
