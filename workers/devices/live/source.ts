import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { LiveTarget, Pull } from "../../../src/shared/live/item.ts";
import type { Watched } from "../../../src/shared/repositories/watch.ts";

/** What an object has to tell. */
export type LiveSource = {
  /** Whether a scope may see anything of this object, as far as its name tells. */
  readonly mayWatch: (scope: Scope) => boolean;
  /** @returns what it stands for, if that is what the target names and the scope may see it as far as that is known */
  readonly watchedOf: (target: LiveTarget) => Watched | undefined;
  /**
   * Sees to it that everything from now on comes here. @throws an outage
   * @returns whether there may be something for that scope; `pull` has the last word
   */
  readonly watch: (watched: Watched, scope: Scope) => Promise<boolean>;
  /** What stands behind a place. */
  readonly pull: (target: LiveTarget, from: Place, scope: Scope) => Pull;
  /** Something has to happen later: a token runs out, a watch has to be renewed. */
  readonly schedule: () => Promise<void>;
};

/** How far a listener is: `null` where it begins, and whether it was listening until now. */
export type Place = { readonly cursor: string | null; readonly isOngoing: boolean };
