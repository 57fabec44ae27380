import { loadersOf } from "./loaders.ts";
import type { Services } from "./services/index.ts";

/** What resolvers work with: the services, as one caller may see them, and loaders that gather one request's reads. */
export type Context = ReturnType<typeof openContext>;

export const openContext = (services: Services) => ({ ...services, load: loadersOf(services) });

/** Behind a mutation, whatever was loaded before it may be out of date. */
export function forgetLoaded(context: Context): void {
  context.load = loadersOf(context);
}
