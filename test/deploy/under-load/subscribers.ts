import { type Watching, watch } from "#client/live.ts";

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

/** One subscriber of one device, with the client that frontends use: it reconnects, and resumes behind its last item. */
export class Subscriber {
  readonly device: string;
  readonly received: Received[] = [];
  /** Milliseconds from each loss of the connection to the next one. */
  readonly reconnectMs: number[] = [];
  /** Why nothing more will come. */
  ended: string | undefined;
  readonly #watching: Watching;
  #lostAtMs: number | undefined;
  #connectedAtMs = 0;

  constructor(device: string, { url, token }: { readonly url: string; readonly token: string }) {
    this.device = device;
    this.#watching = watch<Item, { key: string }>(
      { device: `ecobee:${device}` },
      DOCUMENT,
      { key: `ecobee:${device}` },
      {
        url,
        token: () => token,
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
    this.#watching.client.on("closed", () => {
      this.#lostAtMs ??= performance.now();
    });
    this.#watching.client.on("connected", () => {
      this.#connectedAtMs = Date.now();
      if (this.#lostAtMs !== undefined) this.reconnectMs.push(performance.now() - this.#lostAtMs);
      this.#lostAtMs = undefined;
    });
  }

  /** Whether the server has let it in since the connection was last lost. */
  get isConnected(): boolean {
    return this.#lostAtMs === undefined;
  }

  async stop(): Promise<void> {
    this.#watching.stop();
    await this.#watching.client.dispose();
  }
}
