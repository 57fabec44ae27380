import { GraphQLError } from "graphql";
import { isDeviceKey } from "#domain/event.ts";
import { RETRY_AFTER_MS } from "#graphql/errors.ts";
import type { LiveTarget, OpenLive } from "#objects/item.ts";
import { type Listener, LiveRefused, listenTo } from "#objects/listen.ts";
import type { Env } from "./env.ts";

type Objects = Pick<Env, "DEVICES" | "DEALER_FEEDS">;

/** Opens subscriptions to objects. A refusal is thrown as a GraphQL error with its code. */
export const createLive =
  (env: Objects, listener: Listener): OpenLive =>
  async (target) => {
    try {
      return await listenTo(objectOf(env, target), target, listener);
    } catch (thrown) {
      throw thrown instanceof LiveRefused ? toGraphQLError(thrown) : thrown;
    }
  };

function objectOf({ DEVICES, DEALER_FEEDS }: Objects, target: LiveTarget) {
  if (target.kind === "devices" || target.kind === "dealers") throw new LiveRefused("BAD_USER_INPUT", OVER_WEBSOCKET);
  if (target.kind === "dealer") return DEALER_FEEDS.getByName(target.dealerId);
  if (!isDeviceKey(target.deviceKey))
    throw new LiveRefused("NOT_FOUND", "There is no device with this key. A key is `{source}:{deviceId}`.");
  return DEVICES.getByName(target.deviceKey);
}

const OVER_WEBSOCKET = "Subscriptions to several objects are served over WebSocket at /live.";

const toGraphQLError = ({ code, message }: LiveRefused): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code, ...(code === "UPSTREAM_UNAVAILABLE" && { retryAfterMs: RETRY_AFTER_MS }) },
  });
