/**
 * - open: waits for somebody
 * - replaying: sent to the consumer, whose word is not back yet
 * - resolved: a replay came to an outcome
 * - discarded: thrown away with a reason, and can be taken back for a while
 * - quarantined: failed so many replays that the next one has to be forced
 */
export const LETTER_STATES = ["open", "replaying", "resolved", "discarded", "quarantined"] as const;
export type LetterState = (typeof LETTER_STATES)[number];

/**
 * - open: has letters that nobody has looked at
 * - acknowledged: somebody has
 * - resolved: none of its letters waits any more, or somebody said so
 * - ignored: whatever comes, nobody wants to hear of it
 * - regressed: was resolved, and has failed again
 */
export const GROUP_STATES = ["open", "acknowledged", "resolved", "ignored", "regressed"] as const;
export type GroupState = (typeof GROUP_STATES)[number];
