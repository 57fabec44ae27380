import { ApolloLink, HttpLink } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { type DocumentNode, OperationTypeNode, print } from "graphql";
import { Observable } from "rxjs";
import { repetitionPauseMs, type WireAnswer } from "../error.ts";
import { addressesAt, concordFetch, type FetchOptions } from "../fetch.ts";
import { LiveClient, type LiveOptions } from "../live.ts";

/** Where ids of documents come from. */
export type PersistedIds = {
  /** The id of a document. */
  readonly generateHash: (document: DocumentNode) => string | PromiseLike<string>;
};

/** What the links for Apollo Client are made with. */
export type ApolloOptions = FetchOptions &
  Pick<LiveOptions, "place"> & {
    /** Where Concord is: https://concord.example. `/graphql` and `/live` are below it. */
    readonly origin: string;
    /**
     * The id of a document, such as `generatePersistedQueryIdsFromManifest` of @apollo/persisted-query-lists gives it.
     * Absent: texts are sent, which a dealer's token may not.
     */
    readonly persisted?: PersistedIds | undefined;
  };

/**
 * All that Apollo Client needs to ask and follow Concord: persisted ids, subscriptions over WebSocket, repetition while
 * the database is out of reach, the bearer token, and the consistency token, so that a query sees the user's own writes.
 */
export function concordLink({ origin, persisted, ...options }: ApolloOptions): ApolloLink {
  const { graphql, live: url } = addressesAt(origin);
  const http = ApolloLink.from([outageLink(), new HttpLink({ uri: graphql, fetch: concordFetch(options) })]);
  const live = liveLink({ ...options, url });
  const split = ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, live, http);
  if (!persisted) return split;
  // The ids of a manifest are known before a deployment, so nothing is registered at run time, and no text is ever sent.
  return ApolloLink.from([new PersistedQueryLink({ ...persisted, disable: () => false, retry: () => false }), split]);
}

/** Asks a query again that came to nothing because the API's stores are out of reach, as late as the API says. */
export const outageLink = (): ApolloLink =>
  new ApolloLink((operation, forward) => {
    if (operation.operationType !== OperationTypeNode.QUERY) return forward(operation);
    return new Observable((observer) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let subscription: { unsubscribe: () => void } | undefined;
      const send = (attempt: number): void => {
        let isRepeated = false;
        subscription = forward(operation).subscribe({
          next: (answer) => {
            const pause = repetitionPauseMs(answer as WireAnswer<unknown>, attempt);
            if (pause === null) return observer.next(answer);
            isRepeated = true;
            timer = setTimeout(() => send(attempt + 1), pause);
          },
          error: (reason) => observer.error(reason),
          complete: () => !isRepeated && observer.complete(),
        });
      };
      send(1);
      return () => {
        if (timer !== undefined) clearTimeout(timer);
        subscription?.unsubscribe();
      };
    });
  });

/** Subscriptions over graphql-ws: one socket for all, and each goes on after its last item whenever the socket drops. */
export function liveLink(options: LiveOptions): ApolloLink {
  const live = new LiveClient(options);
  return new ApolloLink(
    ({ query, operationName, variables, extensions }) =>
      new Observable((observer) => {
        const document = extensions.persistedQuery ? { extensions } : { query: print(query) };
        const request = { ...document, ...(operationName && { operationName }), variables };
        return live.follow<Record<string, unknown>>(request, {
          next: (answer) => observer.next(answer as ApolloLink.Result),
          error: (reason) => observer.error(reason),
          complete: () => observer.complete(),
        });
      }),
  );
}
