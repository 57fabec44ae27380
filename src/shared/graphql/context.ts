import type { Scope } from "#auth/scope.ts";
import type { OpenLive } from "#objects/item.ts";
import { type Consistency, NEAREST, parseConsistencyToken } from "#repositories/consistency.ts";
import type { Services } from "#services/index.ts";
import { createLoaders } from "./loaders.ts";
import type { Rights } from "./rights.ts";

/** Who asks, as the token says. */
export type Caller = {
  readonly scope: Scope;
  /** The token's `sub`. */
  readonly subject: string | null;
  /** Milliseconds since 1970 UTC. */
  readonly expiresAtMs: number;
  readonly rights: Rights;
};

/** What resolvers use: the services with one caller's scope, and loaders that batch the reads of one request. */
export type Context = Services & {
  load: ReturnType<typeof createLoaders>;
  readonly live: OpenLive;
  readonly viewer: () => Caller;
  /** A new context for a later moment, whose reads are at least as fresh as the token. */
  readonly at: (consistencyToken: string | null) => Context;
};

export type ContextDeps = {
  /** The services as of now, with a D1 session of their own. */
  readonly open: (consistency: Consistency) => Services;
  readonly live: OpenLive;
  /** @throws Error where an operation has no sender that could ask */
  readonly viewer: () => Caller;
};

export const openContext = (services: Services, { open, live, viewer }: ContextDeps): Context => ({
  ...services,
  load: createLoaders(services),
  live,
  viewer,
  at: (consistencyToken) => {
    const consistency = (consistencyToken !== null && parseConsistencyToken(consistencyToken)) || NEAREST;
    return openContext(open(consistency), { open, live, viewer });
  },
});

/** After a mutation, what was loaded before it may be stale. */
export function forgetLoaded(context: Context): void {
  context.load = createLoaders(context);
}
