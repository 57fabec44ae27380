import type { DeskRole } from "../auth/desk-user.ts";
import type { GroupState, LetterState } from "../desk/states.ts";
import type { Issue } from "../domain/issue.ts";
import type { MergeOutcome } from "../domain/outcome.ts";
import type { Failure, Letter as QueuedLetter } from "../queue/letter.ts";

/** What the operations API says, as JSON. Times are RFC 3339 in UTC; a cursor is opaque, and `null` behind the last page. */

export type Letter = {
  readonly id: string;
  readonly state: LetterState;
  readonly group: string | null;
  readonly topic: string;
  readonly source: string | null;
  readonly eventId: string | null;
  readonly deviceKey: string | null;
  readonly stage: QueuedLetter["stage"];
  readonly reason: Failure["reason"];
  /** One line for a person. */
  readonly message: string;
  readonly issues: readonly { readonly path: string; readonly code: string; readonly message: string }[];
  readonly failure: Failure;
  /** The exact text of the value, or its bytes as base64; null for a tombstone, and once it was let go of. */
  readonly payload: string | null;
  readonly payloadEncoding: "text" | "base64";
  /** Whether what is personal was taken out of payload, edit, key and headers. */
  readonly masked: boolean;
  /** What a replay sends in the place of the payload. */
  readonly edited: string | null;
  readonly revision: number;
  readonly key: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly partition: number | null;
  readonly offset: number | null;
  readonly timestampMs: number | null;
  readonly receivedAt: string;
  readonly failures: number;
  readonly replays: number;
  readonly outcome: MergeOutcome | null;
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
  readonly replayedAt: string | null;
  readonly settledAt: string | null;
  readonly discardReason: string | null;
  readonly discardedAt: string | null;
  /** When its payload was let go of; the rest of the letter stays for longer. */
  readonly emptiedAt: string | null;
  readonly contractVersion: number | null;
  readonly workerVersion: string;
  readonly traceparent: string | null;
  readonly runId: string | null;
};

export type Revision = {
  readonly revision: number;
  readonly patch: readonly object[];
  readonly actor: string;
  readonly reason: string;
  readonly at: string;
};

export type LetterDetail = Letter & {
  readonly revisions: readonly Revision[];
  readonly audit: readonly Audit[];
  /** Whether a replay would fail as before, and is refused unless it is forced. */
  readonly failsAgain: boolean;
};

export type LetterCounts = Readonly<Record<LetterState, number>>;

export type Group = {
  readonly id: string;
  readonly state: GroupState;
  readonly topic: string;
  readonly reason: Failure["reason"];
  /** What its letters have in common, in one line without personal data. */
  readonly signature: string;
  readonly letters: number;
  readonly failures: number;
  readonly counts: LetterCounts;
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
  readonly note: string | null;
  readonly changedBy: string | null;
  readonly changedAt: string | null;
};

/** Failures of groups by hour, oldest first; the last hour is still filling. */
export type Trends = { readonly atMs: number; readonly trends: Readonly<Record<string, readonly number[]>> };

/** What one patch does to the waiting letters of a group, or would. */
export type GroupEdit = {
  readonly letters: number;
  readonly pass: number;
  readonly fail: { readonly count: number; readonly issues: readonly { path: string; code: string; count: number }[] };
  readonly applied: number;
  readonly samples: readonly {
    readonly id: string;
    readonly before: string | null;
    readonly after: string | null;
    readonly issues: readonly Issue[];
  }[];
};

export type Refused = { readonly why: string; readonly count: number };

/** What a replay of a selection would do, letter by letter, as things are now. */
export type Plan = {
  readonly selected: number;
  /** Those that would be applied, or confirm what is known. */
  readonly passes: number;
  readonly stillFailing: readonly { readonly group: string; readonly signature: string; readonly count: number }[];
  readonly superseded: number;
  readonly duplicate: number;
  readonly refused: readonly Refused[];
  readonly tooLarge: number;
};

export const RUN_STATES = ["planned", "running", "paused", "done", "canceled"] as const;
export type RunState = (typeof RUN_STATES)[number];

export type Progress = {
  readonly total: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly applied: number;
  readonly unchanged: number;
  readonly duplicate: number;
  readonly superseded: number;
  readonly failed: number;
  /** Closed, discarded or taken by another run before their turn came. */
  readonly skipped: number;
};

export type Run = {
  readonly id: string;
  readonly name: string | null;
  readonly state: RunState;
  /** Why it is paused, or sends nothing at the moment. */
  readonly why: string | null;
  readonly plan: Plan;
  readonly hash: string;
  readonly actor: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Letters a second. */
  readonly rate: number;
  /** Letters that are sent first, and come back before the others go. */
  readonly canary: number;
  readonly maxFailurePercent: number;
  readonly progress: Progress;
};

export const AUDIT_ACTIONS = [
  "letter.replay",
  "letter.edit",
  "letter.discard",
  "letter.restore",
  "letter.unmask",
  "group.state",
  "group.edit",
  "plan.create",
  "run.start",
  "run.pause",
  "run.resume",
  "run.cancel",
  "run.end",
  "export",
  "import",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export type Audit = {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly role: DeskRole | "desk";
  readonly action: AuditAction;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
};

/** The letters that something is done to; they are frozen when it is. */
export type Selection =
  | { readonly ids: readonly string[] }
  | { readonly group: string }
  | { readonly filter: LetterFilterJson };

/** An empty one is refused: a filter with a typo would match all. */
export type LetterFilterJson = {
  readonly state?: LetterState;
  readonly topic?: string;
  readonly source?: string;
  readonly device?: string;
  readonly reason?: Failure["reason"];
  readonly group?: string;
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
};
