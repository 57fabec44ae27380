// biome-ignore lint/suspicious/noExplicitAny: the server has checked it against the schema, and the caller knows its document
export type Data = any;

/** What a client has made of an answer: its data, and the codes of its errors, wherever the client puts them. */
export type Answer = { readonly data?: Data; readonly codes: readonly string[] };

/** The codes of GraphQL errors. */
export const codesOf = (errors: readonly { readonly extensions?: object | undefined }[] | undefined): string[] =>
  (errors ?? []).map(({ extensions }) => String((extensions as { code?: unknown } | undefined)?.code));

/** What becomes of a subscription: its items, the fault that ended it. */
export type Sink = {
  readonly next: (data: Data) => void;
  readonly failed: (fault: unknown) => void;
};

/** Hands over the requests of a client as they go: their bodies, or else their URLs. */
export const looking =
  (look: (said: string) => void): typeof fetch =>
  (input, init) => {
    look(init?.body ? String(init.body) : decodeURIComponent(new URL(String(input)).search));
    return fetch(input, init);
  };
