/**
 * The two ways from the boundary to the consumer, each a queue of its own, so that live events never wait behind a
 * backfill: docs/decisions/0027-a-backfill-has-a-lane.md
 */
export const LANES = ["live", "backfill"] as const;
export type Lane = (typeof LANES)[number];

/** The header by which a client chooses one. Without it, a request is live. */
export const LANE_HEADER = "X-Concord-Lane";

/** Part of a parcel. `live` is not written into it: most parcels are. */
export type InLane = { readonly lane?: Lane };

export const laneOf = ({ lane = "live" }: InLane): Lane => lane;

export const inLane = (lane: Lane): InLane => (lane === "live" ? {} : { lane });
