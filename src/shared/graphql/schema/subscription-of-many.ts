import { isDeviceKey } from "#domain/event.ts";
import type { DealerFeedItem, DeviceItem } from "#objects/item.ts";
import { BAD_POSITION, parsePosition } from "#objects/position.ts";
import { MAX_PAGE_SIZE } from "#repositories/page.ts";
import { userError } from "../errors.ts";
import { AlertSeverity } from "./alert.ts";
import { builder } from "./builder.ts";
import { announced, Change, MIN_SEVERITY, News, NewsKind } from "./subscription.ts";

/** Ours: a page. */
const MAX_KEYS = MAX_PAGE_SIZE;

/** Ours: each feed has all devices of its dealer. */
const MAX_DEALERS = 20;

builder.subscriptionField("devicesChanged", (t) =>
  t.field({
    type: Change,
    description: `The changes of up to ${MAX_KEYS} devices. Begins with each device as it is, or continues after a cursor. A key without a device that the token may see gets one LOST, and the others go on. Costs as much as a page of that many devices.`,
    extensions: { times: "keys" },
    args: {
      keys: t.arg.stringList({
        required: true,
        description: `\`{source}:{deviceId}\` of each device, at most ${MAX_KEYS}, none twice; case matters.`,
      }),
      after: t.arg.string({
        description: "The `cursor` of the last item that was received, by the same `keys` in the same order.",
      }),
    },
    subscribe: (_, { keys, after }, { live }) => {
      const deviceKeys = distinct("keys", keys, MAX_KEYS).map((key) => {
        if (isDeviceKey(key)) return key;
        throw userError(`\`keys\` has ${JSON.stringify(key)}, which is no key. A key is \`{source}:{deviceId}\`.`);
      });
      return live({ kind: "devices", deviceKeys, after: positionIn(deviceKeys, after) });
    },
    resolve: (item) => item as DeviceItem,
  }),
);

builder.subscriptionField("dealersFeed", (t) =>
  t.field({
    type: News,
    description: `The changes of all devices of up to ${MAX_DEALERS} dealers. Begins with a STARTED of each dealer, or continues after a cursor. With a dealer that the token may not see it does not begin.`,
    extensions: { times: "dealerIds" },
    args: {
      dealerIds: t.arg.stringList({
        required: true,
        description: `At most ${MAX_DEALERS} dealers that the token may see, none twice.`,
      }),
      kinds: t.arg({ type: [NewsKind], description: "Only these kinds, and always STARTED and GAP. Absent: all." }),
      minSeverity: t.arg({ type: AlertSeverity, description: MIN_SEVERITY }),
      after: t.arg.string({
        description: "The `cursor` of the last item that was received, by the same `dealerIds` in the same order.",
      }),
    },
    subscribe: (_, { dealerIds: asked, kinds, minSeverity, after }, { live }) => {
      const dealerIds = distinct("dealerIds", asked, MAX_DEALERS);
      return live({
        kind: "dealers",
        dealerIds,
        kinds: announced(kinds),
        minSeverity: minSeverity ?? null,
        after: positionIn(dealerIds, after),
      });
    },
    resolve: (item) => item as DealerFeedItem,
  }),
);

/** @throws GraphQLError for an empty list, a long one, and one that has a name twice */
function distinct(argument: string, names: readonly string[], most: number): readonly string[] {
  if (names.length === 0 || names.length > most) {
    throw userError(`\`${argument}\` has ${names.length} entries. Nothing was subscribed to: name 1 to ${most}.`);
  }
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated === undefined) return names;
  throw userError(`\`${argument}\` has ${JSON.stringify(repeated)} twice. Nothing was subscribed to: name it once.`);
}

/** @throws GraphQLError for a cursor of another subscription */
function positionIn(keys: readonly string[], after: string | null | undefined): string | null {
  if (after == null) return null;
  if (parsePosition(after, keys)) return after;
  throw userError(BAD_POSITION);
}
