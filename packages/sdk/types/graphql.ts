import { type ConcordClient, ConcordError, type ErrorCode, type TrustedDocument } from "concord-sdk/graphql";
import type { LiveClient, Watcher } from "concord-sdk/live";

/* What must not compile, for whoever asks the GraphQL API. Each line that does is an error of `tsc -b`. */

type Result = { readonly device: { readonly key: string } | null };
declare const client: ConcordClient;
declare const document: TrustedDocument<Result, { readonly key: string }>;
declare const live: LiveClient;
declare const watcher: Watcher<Result>;

// @ts-expect-error a variable is missing
client.ask(document, {});
// @ts-expect-error a variable has another type
client.ask(document, { key: 1 });
// @ts-expect-error there is no such consistency
client.ask(document, { key: "elt:t-1" }, { consistency: "eventual" });
live.watch(document, { key: "elt:t-1" }, watcher);
// @ts-expect-error a variable is missing
live.watch(document, {}, watcher);
// @ts-expect-error a watcher of other items
live.watch(document, { key: "elt:t-1" }, { onItem: (item: { readonly dealer: object }) => void item });

export const answered: Promise<string | undefined> = client
  .ask(document, { key: "elt:t-1" })
  .then(({ data }) => data.device?.key);
// @ts-expect-error the answer has what the document asks for
export const other = client.ask(document, { key: "elt:t-1" }).then(({ data }) => data.dealer);

// A plain text is asked too, with an answer of which nothing is known.
export const asked: Promise<unknown> = client.ask("{ dealers { id } }", {}).then(({ data }) => data);
// @ts-expect-error nothing is known of it
export const unknown = client.ask("{ device { key } }", {}).then(({ data }) => data.device);

export const codeOf = (error: ConcordError): ErrorCode => error.code;
void ConcordError;
