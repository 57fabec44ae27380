import type { OpenLive } from "#objects/item.ts";
import { type Consistency, NEAREST, parseConsistencyToken } from "#repositories/consistency.ts";
import type { Services } from "#services/index.ts";
import { createLoaders } from "./loaders.ts";

/** What resolvers use: the services with one caller's scope, and loaders that batch the reads of one request. */
export type Context = Services & {
  load: ReturnType<typeof createLoaders>;
  readonly live: OpenLive;
  /** A new context for a later moment, whose reads are at least as fresh as the token. */
  readonly at: (consistencyToken: string | null) => Context;
};

export type ContextDeps = {
  /** The services as of now, with a D1 session of their own. */
  readonly open: (consistency: Consistency) => Services;
  readonly live: OpenLive;
};

export const openContext = (services: Services, { open, live }: ContextDeps): Context => ({
  ...services,
  load: createLoaders(services),
  live,
  at: (consistencyToken) => {
    const consistency = (consistencyToken !== null && parseConsistencyToken(consistencyToken)) || NEAREST;
    return openContext(open(consistency), { open, live });
  },
});

/** After a mutation, what was loaded before it may be stale. */
export function forgetLoaded(context: Context): void {
  context.load = createLoaders(context);
}
