import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import type { DeviceMemory } from "../../src/shared/domain/journal.ts";
import { headersOf, type ItemMessage, OBJECT_PATHS, objectUrl } from "../../src/shared/live/wire.ts";
import { DEVICES } from "./stores.ts";

/** Somebody who watches a device, and comes back where he was when his connection drops. */
export class Listener {
  readonly revisions: number[] = [];
  readonly #key: `elt:${string}`;
  #socket: WebSocket | null = null;

  constructor(device: string) {
    this.#key = `elt:${device}`;
  }

  /** Connects, and waits until everything from here on comes. */
  async connect(): Promise<void> {
    const after = this.revisions.at(-1);
    const target = { kind: "device", deviceKey: this.#key, after: after === undefined ? null : String(after) } as const;
    const scope = { role: "service" } as const;
    const headers = headersOf({ scope, target, caller: "test", address: "local", expiresAtMs: Date.now() + 3_600_000 });
    const { webSocket } = await DEVICES.getByName(this.#key).fetch(objectUrl(OBJECT_PATHS.items), { headers });
    if (!webSocket) throw new Error("the object took no socket");
    const opening = Promise.withResolvers<void>();
    webSocket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as ItemMessage;
      if (message.type === "opened") opening.resolve();
      // What is on its way to a connection that dropped is not heard.
      if (message.type === "item" && this.#socket === webSocket) this.revisions.push(revisionOf(message));
    });
    this.#socket = webSocket;
    webSocket.accept();
    await opening.promise;
  }

  drop(): void {
    this.#socket?.close(1000, "dropped");
    this.#socket = null;
  }

  /** Waits until it has heard of all that the device took, or of as much as it ever will. */
  async hearAll(): Promise<number> {
    const newest = await runInDurableObject(
      DEVICES.getByName(this.#key),
      (_, { storage }) => storage.kv.get<DeviceMemory>("memory")?.journal.revision ?? 0,
    );
    const isThere = () => {
      if ((this.revisions.at(-1) ?? 0) < newest) throw new Error(`heard of ${this.revisions.at(-1)} of ${newest}`);
    };
    await vi.waitFor(isThere, { timeout: 2_000, interval: 5 });
    return newest;
  }
}

const revisionOf = ({ item }: Extract<ItemMessage, { type: "item" }>): number =>
  "revision" in item ? item.revision : Number.NaN;
