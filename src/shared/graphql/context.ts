import type { OpenLive } from "../live/item.ts";
import { type Consistency, NEAREST, parseConsistencyToken } from "../repositories/consistency.ts";
import type { Services } from "../services/index.ts";
import { loadersOf } from "./loaders.ts";

/** What resolvers work with: the services, as one caller may see them, and loaders that gather one request's reads. */
export type Context = Services & {
  load: ReturnType<typeof loadersOf>;
  readonly live: OpenLive;
  /** A context of its own for a later moment, whose reads see at least what the token stands for. */
  readonly at: (consistencyToken: string | null) => Context;
};

export type ContextDeps = {
  /** The services as of now, over a session of their own. */
  readonly open: (consistency: Consistency) => Services;
  readonly live: OpenLive;
};

export const openContext = (services: Services, { open, live }: ContextDeps): Context => ({
  ...services,
  load: loadersOf(services),
  live,
  at: (consistencyToken) => {
    const consistency = (consistencyToken !== null && parseConsistencyToken(consistencyToken)) || NEAREST;
    return openContext(open(consistency), { open, live });
  },
});

/** Behind a mutation, whatever was loaded before it may be out of date. */
export function forgetLoaded(context: Context): void {
  context.load = loadersOf(context);
}
