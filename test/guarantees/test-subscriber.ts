import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import type { DeviceMemory } from "#domain/journal.ts";
import { type ItemMessage, liveRequestHeaders, OBJECT_PATHS, objectUrl } from "#objects/wire.ts";
import { DEVICES, HUBS } from "./stores.ts";

/** The hub of those who do not connect to a device's object. */
const HUB = "guarantees-1";

/** Evicts the hub, so that it knows only what it stored. */
export const evictHub = (): Promise<void> => evictDurableObject(HUBS.getByName(HUB));

/** A client that subscribes to a device, and resumes from its last revision after its connection drops. */
export class TestSubscriber {
  readonly revisions: number[] = [];
  readonly #key: `elt:${string}`;
  readonly #place: "object" | "hub";
  #socket: WebSocket | null = null;

  /** @param place where its socket ends: in the device's object, or in a hub that follows it */
  constructor(device: string, place: "object" | "hub" = "object") {
    this.#key = `elt:${device}`;
    this.#place = place;
  }

  /** Connects, and waits until the subscription has started. */
  async connect(): Promise<void> {
    const after = this.revisions.at(-1);
    const target = { kind: "device", deviceKey: this.#key, after: after === undefined ? null : String(after) } as const;
    const scope = { role: "service" } as const;
    const headers = liveRequestHeaders({
      scope,
      target,
      token: null,
      caller: "test",
      address: "local",
      expiresAtMs: Date.now() + 3_600_000,
    });
    const object = this.#place === "hub" ? HUBS.getByName(HUB) : DEVICES.getByName(this.#key);
    const { webSocket } = await object.fetch(objectUrl(OBJECT_PATHS.items), { headers });
    if (!webSocket) throw new Error("the object accepted no socket");
    const opening = Promise.withResolvers<void>();
    webSocket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as ItemMessage;
      if (message.type === "opened") opening.resolve();
      // A message in flight to a dropped connection is lost.
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

  /** Waits until it has received the device's newest revision, for at most 2 s. @returns that revision */
  async receiveAll(): Promise<number> {
    const newest = await runInDurableObject(
      DEVICES.getByName(this.#key),
      (_, { storage }) => storage.kv.get<DeviceMemory>("memory")?.journal.revision ?? 0,
    );
    const isThere = () => {
      if ((this.revisions.at(-1) ?? 0) < newest)
        throw new Error(`received ${this.revisions.at(-1)} of ${newest} revisions`);
    };
    await vi.waitFor(isThere, { timeout: 2_000, interval: 5 });
    return newest;
  }
}

const revisionOf = ({ item }: Extract<ItemMessage, { type: "item" }>): number =>
  "revision" in item ? item.revision : Number.NaN;
