import type { OpsRole, OpsUser, SignedInBy } from "#auth/ops-role.ts";
import type { Issue } from "#domain/issue.ts";
import type { MergeOutcome } from "#domain/outcome.ts";
import type { Failure, Letter as QueuedLetter } from "#letters/letter.ts";
import type { Plan, Refused, Upcast } from "#letters/plan.ts";
import type { GroupState, LetterState } from "#letters/states.ts";

/** The JSON of the operations API. Times are RFC 3339 in UTC. A cursor is opaque, and `null` after the last page. */

/** Who the caller is, by what, and until when. */
export type Me = OpsUser & { readonly by: SignedInBy; readonly expiresAt: string };

/** How a person can sign in, besides by a token. */
export type SignIn = {
  /** Cloudflare Access, and the hostname of its team. */
  readonly access: { readonly team: string };
};

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
  /** The exact text of the value, or its bytes as base64. Null for a tombstone, and once the value was deleted. */
  readonly payload: string | null;
  readonly payloadEncoding: "text" | "base64";
  /** Whether personal data was removed from payload, edit, key and headers. */
  readonly masked: boolean;
  /** What a replay sends in place of the payload. */
  readonly edited: string | null;
  readonly revision: number;
  /** Its text, or its bytes as base64. */
  readonly key: string | null;
  readonly keyEncoding: "text" | "base64";
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
  /** When its payload was deleted; the rest of the letter is kept for longer. */
  readonly emptiedAt: string | null;
  /** The version of the contract that judged it last. */
  readonly contractVersion: number | null;
  /** The version of the contract that its record is in. A replay reads it by that one, and converts it to the current. */
  readonly recordVersion: number;
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
  /** Whether a replay would fail, as the contract and the Worker are now. */
  readonly failsAgain: boolean;
  /** `null` for a letter that is not waiting. */
  readonly next: NextStep | null;
  /** The `data` that a replay would apply, as JSON text, where that is converted from an earlier version. */
  readonly upcast: { readonly from: number; readonly to: number; readonly data: string } | null;
};

/**
 * What can fix a waiting letter. `wait`: until its time is no longer in the future, or for a
 * deployment without the fault, with the version of its contract, or with a conversion that works.
 */
export type NextStep = "replay" | "edit" | "discard" | "wait";

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

/** How many waiting letters of a group were checked, how many of them would fail again, and what would fix those. */
export type GroupSample = { readonly letters: number; readonly failing: number; readonly next: NextStep };

/** `sample` is `null` if no letter is waiting. */
export type GroupDetail = Group & { readonly sample: GroupSample | null };

/** Failures of groups by hour, oldest first; the last hour is not over. */
export type Trends = { readonly atMs: number; readonly trends: Readonly<Record<string, readonly number[]>> };

/** What one patch changes, or would change, in the waiting letters of a group. */
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

export type { Plan, Refused, Upcast };

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
  /** Closed, discarded or claimed by another run before their turn. */
  readonly skipped: number;
};

export type Run = {
  readonly id: string;
  readonly name: string | null;
  readonly state: RunState;
  /** Why it is paused, or is sending nothing at the moment. */
  readonly why: string | null;
  readonly plan: Plan;
  readonly hash: string;
  readonly actor: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Letters per second. */
  readonly rate: number;
  /** Letters that are sent first. The others wait until these have outcomes. */
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
  "token.revoke",
  "token.unrevoke",
  "customer.forget",
  "job.start",
  "job.pause",
  "job.resume",
  "job.cancel",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export type Audit = {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly role: OpsRole | "system";
  readonly action: AuditAction;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
};

/** A token, or all tokens of a subject until then, that no API accepts any more. */
export type RevocationJson = {
  /** `token:` and the token's id, or `subject:` and the name of its holder. */
  readonly id: string;
  readonly revokedAt: string;
  /** When the last token that it is about would have expired. The revocation is gone after that. */
  readonly until: string;
  readonly revokedBy: string;
  readonly reason: string;
};

/** The letters that an operation applies to. The selection is fixed when the operation starts. */
export type Selection =
  | { readonly ids: readonly string[] }
  | { readonly group: string }
  | { readonly filter: LetterFilterJson };

/** An empty selection is refused: a filter with a typo would match all letters. */
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
