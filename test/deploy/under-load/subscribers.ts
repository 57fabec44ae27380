import { LiveClient } from "#client/live.ts";

/** What a subscriber got, in the order in which it came. */
export type Received = {
  readonly kind: string;
  readonly revision: number;
  readonly eventId: string | null;
  /** When its connection was made, in milliseconds since 1970. */
  readonly connectedAtMs: number;
};

const DOCUMENT = `subscription Load($key: String!, $afterRevision: Int) {
  deviceChanged(key: $key, afterRevision: $afterRevision) { kind revision event { eventId } }
}`;

type Item = {
  readonly deviceChanged: {
    readonly kind: string;
    readonly revision: number;
    readonly event: { readonly eventId: string } | null;
  };
};

/**
 * One subscriber of one device, with the client that frontends use: it reconnects, and resumes behind its last item. Its
 * socket ends in a hub, or in the device's object.
 */
export class Subscriber {
  readonly device: string;
  readonly received: Received[] = [];
  /** Milliseconds from each loss of the connection to the next one. */
  readonly reconnectMs: number[] = [];
  /** Why nothing more will come. */
  ended: string | undefined;
  readonly #stop: () => void;
  #lostAtMs: number | undefined;
  #connectedAtMs = 0;

  constructor(device: string, { url, token, isDirect }: { url: string; token: string; isDirect: boolean }) {
    this.device = device;
    const live = new LiveClient({
      url,
      token: () => token,
      ...(isDirect && { place: () => ({ device: `ecobee:${device}` }) }),
      onConnection: (isOpen) => (isOpen ? this.#connected() : this.#lost()),
    });
    this.#stop = live.watch<Item, { key: string }>(
      DOCUMENT,
      { key: `ecobee:${device}` },
      {
        onItem: ({ deviceChanged: { kind, revision, event } }) =>
          this.received.push({
            kind,
            revision,
            eventId: event?.eventId ?? null,
            connectedAtMs: this.#connectedAtMs,
          }),
        onEnd: (reason) => {
          this.ended = reason === undefined ? "completed" : JSON.stringify(reason);
        },
      },
    );
  }

  #lost(): void {
    this.#lostAtMs ??= performance.now();
  }

  #connected(): void {
    this.#connectedAtMs = Date.now();
    if (this.#lostAtMs !== undefined) this.reconnectMs.push(performance.now() - this.#lostAtMs);
    this.#lostAtMs = undefined;
  }

  /** Whether the server has let it in since the connection was last lost. */
  get isConnected(): boolean {
    return this.#lostAtMs === undefined;
  }

  stop(): void {
    this.#stop();
  }
}
