import { createClient } from "graphql-ws";
import { createToken, liveUrl } from "../local/live-client.ts";

/** How subscriptions reach their devices: a socket for each, at the device's object, or one for all, at a hub. */
export type Through = "objects" | "hub";

const CHANGED = `subscription ($key: String!) {
  deviceChanged(key: $key) { kind revision event { data } device { status report { indoorTemperatureC } } }
}`;

type Item = {
  readonly kind: string;
  readonly revision: number;
  readonly event: { readonly data: { readonly indoorTemperatureC: number } } | null;
};

/** What a screen has received and sent. */
export type Screen = {
  /** The revisions of each device, in the order in which they arrived. */
  readonly revisions: ReadonlyMap<string, readonly number[]>;
  /** Whether every subscription has its first item. */
  readonly isOpen: () => boolean;
  readonly sockets: () => number;
  /** Messages that its sockets have sent. */
  readonly sent: () => number;
  readonly close: () => Promise<void>;
};

type ScreenOptions = {
  readonly devices: readonly string[];
  readonly through: Through;
  readonly address: string;
  /** @param round what the event says */
  readonly onEvent: (device: string, round: number) => void;
};

/** One subscription for each device: on sockets of their own at the devices' objects, or all on one socket at a hub. */
export function openScreen(base: URL, { devices, through, address, onEvent }: ScreenOptions): Screen {
  let [opened, sent] = [0, 0];
  /** Sockets of another address than this machine's, which count what they send. */
  class CountingSocket extends WebSocket {
    constructor(url: string, protocols: string) {
      // Node's own takes headers, unlike a browser's.
      super(url, { protocols, headers: { "CF-Connecting-IP": address } } as unknown as string);
      opened++;
    }
    override send(data: Parameters<WebSocket["send"]>[0]): void {
      sent++;
      super.send(data);
    }
  }
  const clientAt = (url: string) =>
    createClient({
      url,
      webSocketImpl: CountingSocket,
      connectionParams: async () => ({ Authorization: `Bearer ${await createToken({ role: "ops" }, "1h")}` }),
      retryAttempts: 20,
    });
  const shared = through === "hub" ? clientAt(liveUrl(base)) : undefined;
  const clients = shared ? [shared] : [];
  const revisions = new Map<string, number[]>();
  for (const device of devices) {
    const seen: number[] = [];
    revisions.set(device, seen);
    const client = shared ?? clientAt(liveUrl(base, { device: `elt:${device}` }));
    if (client !== shared) clients.push(client);
    client.subscribe<{ deviceChanged: Item }>(
      { query: CHANGED, variables: { key: `elt:${device}` } },
      {
        next: ({ data }) => {
          if (!data) return;
          const { kind, revision, event } = data.deviceChanged;
          seen.push(revision);
          if (kind === "EVENT" && event) onEvent(device, event.data.indoorTemperatureC);
        },
        error: (reason) => console.error(`${device}: its subscription failed`, reason),
        complete: () => {},
      },
    );
  }
  return {
    revisions,
    isOpen: () => [...revisions.values()].every(({ length }) => length > 0),
    sockets: () => opened,
    sent: () => sent,
    close: async () => void (await Promise.all(clients.map((client) => client.dispose()))),
  };
}
