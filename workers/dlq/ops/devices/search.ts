import type { DeviceStatus } from "#domain/device.ts";
import { type DeviceKey, deviceKeyOf, isDeviceKey, SOURCES, type Source, sourceOf } from "#domain/event.ts";
import type { SortOf } from "#ops/sorts.ts";
import {
  type DeviceListing,
  type DeviceOrderField,
  deviceCursorSchema,
  type FoundDevice,
} from "#repositories/device.ts";
import { parsePage } from "#repositories/page.ts";
import type { Devices } from "#services/devices.ts";

/** What a search asks for. */
export type Wanted = {
  /** A key, a device id or a serial number, or the beginning of one; or a whole dealer id. */
  readonly text?: string | undefined;
  readonly source?: Source | undefined;
  readonly dealer?: string | undefined;
  readonly status?: DeviceStatus | undefined;
  /** Of what is found without a text. What a text matches is in the order of the lists that it is looked up in. */
  readonly sort?: SortOf<"devices"> | undefined;
};

/** Where a search continues: which of its lists, and where in it. */
export type SearchPosition = readonly [list: number, place: string];

export type Found =
  | { readonly ok: true; readonly devices: readonly FoundDevice[]; readonly next: SearchPosition | null }
  | { readonly ok: false; readonly reason: "bad_cursor" };

/** One device by its key, or a range of an index. */
type List = {
  readonly where: { readonly key: DeviceKey } | DeviceListing;
  /** The rest of the filter. Rows that it drops make a page shorter; no further rows are read to fill it. */
  readonly holds: (device: FoundDevice) => boolean;
};

const START = "start";

/** Each has an index. The newest event's has its day only: an index of the time would be written with every event. */
const ORDERS = {
  device: "KEY",
  "serial-number": "SERIAL_NUMBER",
  registered: "REGISTERED",
  "newest-event": "UPDATED_DAY",
} as const satisfies Record<SortOf<"devices">["by"], DeviceOrderField>;

/**
 * Finds devices by indexes only. A text is looked up as a key, then as the beginning of a key, an id or a serial
 * number, then as a dealer id. Each list is read at most once per page.
 */
export async function search(
  devices: Pick<Devices, "find" | "list">,
  wanted: Wanted,
  { first, after }: { readonly first: number; readonly after?: SearchPosition | undefined },
): Promise<Found> {
  const lists = planLists(wanted);
  const found: FoundDevice[] = [];
  let [index, place] = after ?? [0, START];
  if (index < 0) return { ok: false, reason: "bad_cursor" };
  for (; found.length < first && index < lists.length; index++, place = START) {
    const list = lists[index] as List;
    const read = await readList(devices, list, { first: first - found.length, after: place === START ? null : place });
    if (!read.ok) return read;
    found.push(...read.devices.filter(list.holds));
    if (read.next) return { ok: true, devices: found, next: [index, read.next] };
  }
  return { ok: true, devices: found, next: index < lists.length ? [index, START] : null };
}

type Read =
  | { readonly ok: true; readonly devices: readonly FoundDevice[]; readonly next: string | null }
  | { readonly ok: false; readonly reason: "bad_cursor" };

async function readList(
  devices: Pick<Devices, "find" | "list">,
  { where }: List,
  asked: { readonly first: number; readonly after: string | null },
): Promise<Read> {
  if ("key" in where) return { ok: true, devices: await devices.find([where.key]), next: null };
  const page = parsePage(asked, deviceCursorSchema(where));
  if (!page.ok) return { ok: false, reason: "bad_cursor" };
  const { edges, pageInfo } = await devices.list(page.page, where);
  return { ok: true, devices: edges.map(({ node }) => node), next: pageInfo.hasNextPage ? pageInfo.endCursor : null };
}

function planLists({ text, source, dealer, status, sort }: Wanted): List[] {
  const filter = { source, dealerId: dealer, status };
  if (text === undefined) return [{ where: { filter, ...(sort && { order: toOrder(sort) }) }, holds: () => true }];
  const fits = (device: FoundDevice) =>
    (source === undefined || sourceOf(device.key) === source) &&
    (dealer === undefined || device.dealerId === dealer) &&
    (status === undefined || device.status === status);
  const beginnings = toKeyPrefixes(text).filter((each) => source === undefined || sourceOf(each) === source);
  const keys = beginnings.filter(isDeviceKey);
  // A device that an earlier list has is left out of the later ones.
  const isBelow = ({ key }: FoundDevice) => beginnings.some((beginning) => key.startsWith(beginning));
  const hasSerial = ({ serialNumber }: FoundDevice) => serialNumber?.startsWith(text) ?? false;
  return [
    ...keys.map((key) => ({ where: { key }, holds: fits })),
    ...beginnings.map((keyPrefix) => ({
      where: { filter: { ...filter, keyPrefix } },
      holds: ({ key }: FoundDevice) => !(keys as string[]).includes(key),
    })),
    {
      // Without the status: no index has it beside the serial number, and a rare one would walk the whole range.
      where: { filter: { serialPrefix: text, dealerId: dealer } },
      holds: (device) => fits(device) && !isBelow(device),
    },
    ...(dealer === undefined
      ? [
          {
            where: { filter: { ...filter, dealerId: text } },
            holds: (device: FoundDevice) => !isBelow(device) && !hasSerial(device),
          },
        ]
      : []),
  ];
}

const toOrder = ({ by, isDescending }: SortOf<"devices">): DeviceListing["order"] & object => ({
  field: ORDERS[by],
  direction: isDescending ? "DESC" : "ASC",
});

/** The key prefixes that a text may stand for: itself if it names a source, else one per source. */
const toKeyPrefixes = (text: string): DeviceKey[] =>
  SOURCES.some((source) => text.startsWith(`${source}:`))
    ? [text as DeviceKey]
    : SOURCES.map((source) => deviceKeyOf(source, text));
