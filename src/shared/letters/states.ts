/**
 * - open: waiting for an operator
 * - replaying: sent to the consumer, and its outcome is not known yet
 * - resolved: a replay has an outcome
 * - discarded: closed by an operator with a reason; this can be undone for a while
 * - quarantined: failed so many replays that the next one has to be forced
 */
export const LETTER_STATES = ["open", "replaying", "resolved", "discarded", "quarantined"] as const;
export type LetterState = (typeof LETTER_STATES)[number];

/**
 * - open: has letters that nobody has looked at
 * - acknowledged: an operator has looked at it
 * - resolved: none of its letters is waiting, or an operator resolved it
 * - ignored: new letters raise no alert
 * - regressed: was resolved, and has failed again
 */
export const GROUP_STATES = ["open", "acknowledged", "resolved", "ignored", "regressed"] as const;
export type GroupState = (typeof GROUP_STATES)[number];
