import { GraphQLError } from "graphql";
import { isDeviceKey } from "#domain/event.ts";
import { RETRY_AFTER_MS } from "#graphql/errors.ts";
import type { LiveTarget, OpenLive } from "#objects/item.ts";
import { type Listener, LiveRefused, listenTo } from "#objects/listen.ts";
import type { Env } from "./env.ts";

type Objects = Pick<Env, "DEVICES" | "DEALER_FEEDS" | "HUBS">;

/**
 * Opens subscriptions to objects, and to the client's hub those of several. A refusal is thrown as a GraphQL error with
 * its code.
 */
export const createLive =
  (env: Objects, { hub, ...listener }: Listener & { readonly hub: string }): OpenLive =>
  async (target) => {
    try {
      return await listenTo(objectOf(env, target, hub), target, listener);
    } catch (thrown) {
      throw thrown instanceof LiveRefused ? toGraphQLError(thrown) : thrown;
    }
  };

function objectOf({ DEVICES, DEALER_FEEDS, HUBS }: Objects, target: LiveTarget, hub: string) {
  if (target.kind === "devices" || target.kind === "dealers") return HUBS.getByName(hub);
  if (target.kind === "dealer") return DEALER_FEEDS.getByName(target.dealerId);
  if (!isDeviceKey(target.deviceKey))
    throw new LiveRefused("NOT_FOUND", "There is no device with this key. A key is `{source}:{deviceId}`.");
  return DEVICES.getByName(target.deviceKey);
}

const toGraphQLError = ({ code, message }: LiveRefused): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code, ...(code === "UPSTREAM_UNAVAILABLE" && { retryAfterMs: RETRY_AFTER_MS }) },
  });
