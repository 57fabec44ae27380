import { DurableObject } from "cloudflare:workers";
import type { Followable, Followed, FollowedPosition, FollowRequest, ScopeKey } from "#objects/hub.ts";
import type { Pull } from "#objects/item.ts";
import type { Env } from "../env.ts";
import type { Subscribers } from "./subscribers.ts";

/** An object with subscribers: sockets of its own, and hubs that follow it. Both are `Subscribers`' to serve. */
export abstract class LiveObject extends DurableObject<Env> implements Followable {
  protected abstract readonly subscribers: Subscribers;

  follow(request: FollowRequest): Promise<Pull> {
    return this.subscribers.follow(request);
  }

  pullSince(followed: Followed, positions: readonly FollowedPosition[]): Promise<Pull[]> {
    return this.subscribers.pullSince(followed, positions);
  }

  unfollow(hub: string, scopeKeys: readonly ScopeKey[]): Promise<void> {
    return this.subscribers.unfollow(hub, scopeKeys);
  }

  override fetch(request: Request): Promise<Response> {
    return this.subscribers.fetch(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.subscribers.webSocketMessage(socket, message);
  }

  override webSocketClose(socket: WebSocket): Promise<void> {
    return this.subscribers.webSocketClose(socket);
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.subscribers.webSocketError(socket);
  }

  override alarm(): Promise<void> {
    return this.subscribers.alarm();
  }
}
