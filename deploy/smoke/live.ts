import { createClient } from "graphql-ws";
import { DEVICE_KEY } from "./device.ts";
import type { FrontDoor } from "./front-door.ts";
import { phraseOf, SmokeProblem } from "./problem.ts";

const SUBSCRIPTION = `subscription Smoke($key: String!) {
  deviceChanged(key: $key) { kind revision event { eventId } }
}`;

type Item = { readonly kind: string; readonly revision: number; readonly event: { readonly eventId: string } | null };

/** Node's own socket, which takes headers too: those of a service token, and of a version. */
const socketWith = (headers: Readonly<Record<string, string>>) =>
  class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      // The second parameter of undici, which is Node's WebSocket, is more than the DOM's.
      super(url, { headers, protocols: protocols ?? [] } as unknown as string[]);
    }
  };

/**
 * Subscribes to the device, then has an event published, and waits for it.
 * @throws SmokeProblem if it does not arrive, or a revision is left out or repeated before it
 */
export async function seeLive(door: FrontDoor, eventId: string, publish: () => Promise<void>): Promise<void> {
  const url = new URL(`/live?device=${encodeURIComponent(DEVICE_KEY)}`, door.target.url);
  url.protocol = url.protocol.replace("http", "ws");
  const client = createClient({
    url: url.href,
    webSocketImpl: socketWith(door.target.headers ?? {}),
    connectionParams: { Authorization: `Bearer ${door.tokens.service}` },
    retryAttempts: 0,
  });
  const items: Item[] = [];
  let hasPublished = false;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new SmokeProblem(silence(door, items, hasPublished ? eventId : null))),
    door.effectWithinMs,
  );
  const take = async (item: Item) => {
    const before = items.at(-1);
    items.push(item);
    if (before && item.revision !== before.revision + 1) throw new SmokeProblem(outOfOrder(before, item));
    if (item.event?.eventId === eventId) resolve();
    if (hasPublished) return;
    hasPublished = true;
    await publish();
  };
  client.subscribe<{ deviceChanged: Item }>(
    { query: SUBSCRIPTION, variables: { key: DEVICE_KEY } },
    {
      next: ({ data, errors }) => {
        if (data && !errors) take(data.deviceChanged).catch(reject);
        else reject(new SmokeProblem(refused(JSON.stringify(errors))));
      },
      error: (reason) => reject(new SmokeProblem(refused(reasonOf(reason)))),
      complete: () => reject(new SmokeProblem(refused("the server completed the subscription"))),
    },
  );
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    await client.dispose();
  }
}

const LOOK = "Look at the devices Worker's log, and at /live/readyz";

const refused = (reason: string): string =>
  `A subscription to ${DEVICE_KEY} at /live ended before it delivered: ${reason.slice(0, 300)}. ${LOOK}.`;

const outOfOrder = (before: Item, item: Item): string =>
  `The subscription delivered revision ${item.revision} (${item.kind}) after revision ${before.revision}. Each is delivered once and in order, so a revision was lost or repeated. ${LOOK}.`;

function silence({ within }: FrontDoor, items: readonly Item[], eventId: string | null): string {
  const last = items.at(-1);
  if (!last || eventId === null)
    return `A subscription to ${DEVICE_KEY} at /live delivered no snapshot ${within}. ${LOOK}.`;
  return `The subscription delivered revision ${last.revision}, and not the event ${eventId} ${within}. ${LOOK}, and whether the consumer reaches its objects.`;
}

/** graphql-ws ends with a close event, a list of GraphQL errors or an Error. */
function reasonOf(reason: unknown): string {
  if (reason instanceof Error) return phraseOf(reason);
  const { code, reason: why, message } = reason as { code?: number; reason?: string; message?: string };
  if (code !== undefined) return `the socket was closed with ${code} ${why ?? ""}`.trim();
  return message ?? JSON.stringify(reason);
}
