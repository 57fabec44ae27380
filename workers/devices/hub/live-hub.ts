import { DurableObject } from "cloudflare:workers";
import type { Followed, HubSink, Offer, ScopeKey } from "#objects/hub.ts";
import type { Env } from "../env.ts";

/** The sockets of many clients, and what they subscribe to in many objects. */
export class LiveHub extends DurableObject<Env> implements HubSink {
  override async fetch(): Promise<Response> {
    return Response.json({ error: { code: "NOT_FOUND", message: "Hubs accept no sockets yet." } }, { status: 404 });
  }

  async deliver(_offers: readonly Offer[]): Promise<void> {}

  async stillFollows(_followed: Followed, _scopeKeys: readonly ScopeKey[]): Promise<ScopeKey[]> {
    return [];
  }
}
