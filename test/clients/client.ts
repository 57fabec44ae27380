import type { Feature } from "./features.ts";
import type { Stand } from "./stand.ts";

/** Shows that a client can do something: throws where it cannot. */
export type Show = (stand: Stand) => Promise<void>;

/**
 * What a client does about a feature. `works` has something to say about how. `refused` is refused by the API on purpose: its test sees a refusal that says what to
 * do instead. `notOffered` is what the client itself lacks, and has no test.
 */
export type Cell =
  | Show
  | { readonly works: string; readonly show: Show }
  | { readonly refused: string; readonly show: Show }
  | { readonly notOffered: string };

/** One of the clients, as its npm package is: no patch, and no adapter of ours. */
export type ClientUnderTest = {
  readonly name: string;
  /** The packages whose versions the matrix names. */
  readonly packages: readonly string[];
  /** Why it cannot be tried on this machine, if it cannot. */
  readonly unavailable?: string | undefined;
  readonly cells: Readonly<Record<Feature, Cell>>;
};

/** What a client has nothing for, and why. */
export const lacks = <F extends Feature>(why: string, ...features: readonly F[]): Readonly<Record<F, Cell>> =>
  Object.fromEntries(features.map((feature) => [feature, { notOffered: why }])) as unknown as Record<F, Cell>;

/** For clients without them. */
export const PERSISTED_QUERIES = ["apq", "apqOfDealer"] as const;
export const SOCKETS = [
  "oneSocket",
  "oneSubscription",
  "socketOperations",
  "expiry",
  "socketRefused",
  "socketLimit",
] as const satisfies readonly Feature[];
