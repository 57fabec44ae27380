import type { Actor } from "#domain/change.ts";
import type { Scope } from "./scope.ts";

/** Most characters of a subject that an event carries; the contracts of commands allow as many. Ours. */
const MAX_SUBJECT = 256;

/**
 * On whose behalf a command is given, for its event.
 * @param subject the `sub` of the caller's token; `null` if it has none
 * @param dealerId the dealer that the command's device has, which for a dealer's token is one of its own
 */
export function actorOf({ role }: Scope, subject: string | null, dealerId: string | null): Actor {
  const kept = subject?.slice(0, MAX_SUBJECT).toWellFormed().replaceAll("\0", "");
  return { role, ...(kept && { subject: kept }), ...(role === "dealer" && dealerId !== null && { dealerId }) };
}

/**
 * What a reader may know of who gave a command. A dealer learns who of its own staff it was, of us only that it was us,
 * and of another dealer nothing.
 */
export function actorSeenBy(scope: Scope, actor: Actor): Actor | null {
  if (scope.role !== "dealer") return actor;
  if (actor.role !== "dealer") return { role: actor.role };
  return actor.dealerId !== undefined && scope.dealerIds.includes(actor.dealerId) ? actor : null;
}

const WORDS: Readonly<Record<Actor["role"], string>> = { ops: "operator", service: "service", dealer: "dealer" };

/** Whether a name that `actorName` gave is a role, and nobody's subject. */
export const isRole = (name: string): boolean => Object.values(WORDS).includes(name);

/** Who gave a command, for a reader: the subject, or else the role; `null` if nobody said, or the reader may not know. */
export function actorName(scope: Scope, actor: Actor | null): string | null {
  const seen = actor && actorSeenBy(scope, actor);
  if (!seen) return null;
  return seen.subject ?? (scope.role === "dealer" && seen.role === "service" ? WORDS.ops : WORDS[seen.role]);
}

/** An event's data as a reader may see it: who gave the command, in the member `by` of its contract, as `actorSeenBy`. */
export function dataSeenBy(scope: Scope, data: unknown): unknown {
  if (scope.role !== "dealer" || !hasActor(data)) return data;
  const { by, ...rest } = data;
  const seen = actorSeenBy(scope, by);
  return seen ? { ...rest, by: seen } : rest;
}

const hasActor = (data: unknown): data is { readonly by: Actor } =>
  typeof data === "object" &&
  data !== null &&
  "by" in data &&
  typeof data.by === "object" &&
  data.by !== null &&
  "role" in data.by &&
  Object.hasOwn(WORDS, String(data.by.role));
