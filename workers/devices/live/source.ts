import type { Scope } from "#auth/scope.ts";
import type { LiveTarget, Pull } from "#objects/item.ts";
import type { Watched } from "#repositories/watch.ts";

/** The items of an object, and who may subscribe to them. */
export type LiveSource = {
  /** Whether a scope may subscribe, as far as the object's name says. */
  readonly mayWatch: (scope: Scope) => boolean;
  /** @returns what to register in D1 for a target; `undefined` if the target belongs to another object */
  readonly watchTarget: (target: LiveTarget) => Watched | undefined;
  /**
   * Registers the watch in D1, so that every event from now on reaches this object. @throws an outage
   * @returns `false` if the scope may not see it; otherwise `pull` decides
   */
  readonly watch: (watched: Watched, scope: Scope) => Promise<boolean>;
  /** The items after a position. */
  readonly pull: (target: LiveTarget, from: ReadPosition, scope: Scope) => Pull;
  /** Where the object is: the cursor after everything that `pull` can bring. */
  readonly position: () => string;
  /** Sets the alarm anew, after something that changes what is due: a token that will expire, a watch to renew. */
  readonly schedule: () => Promise<void>;
};

/** Where to read from: `null` at the start of a subscription. `isOngoing`: it was subscribed until now. */
export type ReadPosition = { readonly cursor: string | null; readonly isOngoing: boolean };
