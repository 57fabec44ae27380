import type { FetchFunction, GraphQLResponse, INetwork, RequestParameters, SubscribeFunction } from "relay-runtime";
import * as relay from "relay-runtime";
import { readAnswer, repetitionPauseMs, wait } from "../error.ts";
import { addressesAt, concordFetch, type FetchOptions } from "../fetch.ts";
import { LiveClient, type LiveOptions } from "../live.ts";

/** What the network layer for Relay is made with. */
export type RelayOptions = FetchOptions &
  Pick<LiveOptions, "place"> & {
    /** Where Concord is: https://concord.example. `/graphql` and `/live` are below it. */
    readonly origin: string;
  };

/**
 * The network layer of a Relay `Environment` for Concord: persisted ids, subscriptions over WebSocket, repetition of
 * queries while the database is out of reach, the bearer token, and the consistency token, so that a query sees the
 * user's own writes.
 */
export function concordNetwork({ origin, ...options }: RelayOptions): INetwork {
  const send = concordFetch(options);
  const addresses = addressesAt(origin);
  const live = new LiveClient({ ...options, url: addresses.live });

  const fetchQuery: FetchFunction = async (params, variables) => {
    const body = JSON.stringify({ ...documentOf(params), operationName: params.name, variables });
    const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json" };
    for (let attempt = 1; ; attempt++) {
      const answer = await readAnswer<object>(await send(addresses.graphql, { method: "POST", headers, body }));
      // A mutation is sent once, since it may have been done.
      const pauseMs = params.operationKind === "query" ? repetitionPauseMs(answer, attempt) : null;
      if (pauseMs === null) return answer as GraphQLResponse;
      await wait(pauseMs);
    }
  };

  const subscribe: SubscribeFunction = (params, variables) =>
    relay.Observable.create<GraphQLResponse>((sink) => {
      const request = { ...documentOf(params), operationName: params.name, variables };
      return live.follow<object>(request, {
        next: (answer) => sink.next(answer as GraphQLResponse),
        error: (reason) => sink.error(reason instanceof Error ? reason : new Error(describe(reason))),
        complete: () => sink.complete(),
      });
    });

  return relay.Network.create(fetchQuery, subscribe);
}

/** The compiler leaves the id of a persisted document in `id`, and of any other its text in `text`. */
function documentOf({ id, text, name }: RequestParameters): { documentId: string } | { query: string } {
  if (id != null) return { documentId: id };
  if (text != null) return { query: text };
  throw new TypeError(`${name} has neither an id nor a text, so nothing was sent: run relay-compiler.`);
}

/** Reasons are close events of the socket, or the errors of an answer. */
function describe(reason: unknown): string {
  const { code, reason: text } = (reason ?? {}) as { readonly code?: number; readonly reason?: string };
  if (code !== undefined) return `The subscription ended: its socket was closed with ${code} ${text ?? ""}`.trim();
  return `The subscription ended: ${JSON.stringify(reason)}`;
}
