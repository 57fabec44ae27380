import {
  type ClientOptions,
  type Exchange,
  fetchExchange,
  makeOperation,
  type Operation,
  subscriptionExchange,
} from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { persistedExchange } from "@urql/exchange-persisted";
import { delay, filter, fromValue, makeSubject, merge, mergeMap, pipe, share, takeUntil } from "wonka";
import { repetitionPauseMs } from "../error.ts";
import { addressesAt, concordFetch, type FetchOptions } from "../fetch.ts";
import { LiveClient, type LiveOptions } from "../live.ts";
import { concordKeys, concordResolvers } from "./cache.ts";

/** What a urql client for Concord is made with. */
export type UrqlOptions = FetchOptions &
  Pick<LiveOptions, "place"> & {
    /** Where Concord is: https://concord.example. `/graphql` and `/live` are below it. */
    readonly origin: string;
  };

/**
 * The options of a urql `Client` for Concord: a normalized cache, persisted ids where documents have them, subscriptions
 * over WebSocket, repetition while the database is out of reach, the bearer token, and the consistency token, so that a
 * query sees the user's own writes.
 */
export const concordClientOptions = ({ origin, ...options }: UrqlOptions): ClientOptions => ({
  url: addressesAt(origin).graphql,
  fetch: concordFetch(options),
  preferGetMethod: false,
  exchanges: [
    cacheExchange({ keys: concordKeys, resolvers: concordResolvers }),
    outageExchange,
    trustedExchange(),
    liveExchange({ ...options, url: addressesAt(origin).live }),
    fetchExchange,
  ],
});

/**
 * Sends the id of each document that has one, which the client preset of graphql-codegen puts into `__meta__.hash` when
 * `persistedDocuments` is on. Nothing is registered at run time. Other documents are sent as text, which a dealer's
 * token may not.
 */
export const trustedExchange = (): Exchange =>
  persistedExchange({
    enforcePersistedQueries: true,
    enableForMutation: true,
    enableForSubscriptions: true,
    preferGetForPersistedQueries: false,
    generateHash: async (_, document) => {
      const { __meta__ } = document as { readonly __meta__?: { readonly hash?: unknown } };
      return typeof __meta__?.hash === "string" ? __meta__.hash : "";
    },
  });

/** Subscriptions over graphql-ws: one socket for all, and each goes on after its last item whenever the socket drops. */
export function liveExchange(options: LiveOptions): Exchange {
  const live = new LiveClient(options);
  return subscriptionExchange({
    forwardSubscription: ({ query, extensions, operationName, variables = {} }) => ({
      subscribe(sink) {
        const document = query === undefined ? { extensions: extensions ?? {} } : { query };
        const request = { ...document, ...(operationName !== undefined && { operationName }), variables };
        const unsubscribe = live.follow<Record<string, unknown>>(request, {
          next: (answer) => sink.next(answer as Parameters<typeof sink.next>[0]),
          error: (reason) => sink.error(reason),
          complete: () => sink.complete(),
        });
        return { unsubscribe };
      },
    }),
  });
}

/** Asks a query again that came to nothing because the API's stores are out of reach, as late as the API says. */
export const outageExchange: Exchange =
  ({ forward }) =>
  (operations) => {
    const asked = pipe(operations, share);
    const { source: failed, next: repeat } = makeSubject<Repeated>();
    const repeated = pipe(
      failed,
      mergeMap(({ operation, pauseMs }) => {
        const ended = pipe(
          asked,
          filter(({ kind, key }) => kind === "teardown" && key === operation.key),
        );
        return pipe(fromValue(operation), delay(pauseMs), takeUntil(ended));
      }),
    );
    return pipe(
      merge([asked, repeated]),
      forward,
      filter(({ operation, data, error }) => {
        const attempt = attemptOf(operation);
        const errors = error?.graphQLErrors ?? [];
        const pauseMs = operation.kind === "query" ? repetitionPauseMs({ data, errors }, attempt) : null;
        if (pauseMs === null) return true;
        repeat({ operation: makeOperation("query", operation, { [ATTEMPT]: attempt + 1 }), pauseMs });
        return false;
      }),
    );
  };

type Repeated = { readonly operation: Operation; readonly pauseMs: number };

const ATTEMPT = "concordAttempt";
const attemptOf = ({ context }: Operation): number => (context[ATTEMPT] as number | undefined) ?? 1;
