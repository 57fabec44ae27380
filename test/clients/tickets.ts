import type { Data } from "./answer.ts";
import { type DocumentName, TEXTS } from "./documents.ts";

/** Asks for a ticket that opens a subscription once. @returns the URL for an EventSource */
export async function ticketFor(
  graphqlUrl: string,
  token: string,
  [name, variables]: readonly [name: DocumentName, variables: object],
  lastEventId?: string,
): Promise<string> {
  const response = await fetch(new URL("/graphql/ticket", graphqlUrl), {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${token}`,
      ...(lastEventId && { "Last-Event-ID": lastEventId }),
    },
    body: JSON.stringify({ query: TEXTS[name], variables }),
  });
  const { url, errors } = (await response.json()) as Data;
  if (!url) throw new Error(`no ticket: ${JSON.stringify(errors)}`);
  return url;
}

/** What the browser's EventSource and that of npm have in common. */
type Source = {
  addEventListener(type: "next", listener: (event: { data: string; lastEventId: string }) => void): void;
  addEventListener(type: "error", listener: () => void): void;
  close(): void;
};

/** Follows the subscription of a ticket. */
export function listen<Opened extends Source>(
  source: Opened,
  next: (data: Data, lastEventId: string) => void,
  failed: (fault: unknown) => void,
): Opened {
  source.addEventListener("next", ({ data, lastEventId }) => next(JSON.parse(data).data, lastEventId));
  source.addEventListener("error", () => failed(new Error("the stream was refused, or ended")));
  return source;
}
