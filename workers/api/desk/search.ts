import type { DeviceStatus } from "../../../src/shared/domain/device.ts";
import {
  type DeviceKey,
  deviceKeyOf,
  isDeviceKey,
  SOURCES,
  type Source,
  sourceOf,
} from "../../../src/shared/domain/event.ts";
import { type DeviceFilter, deviceCursorOf, type FoundDevice } from "../../../src/shared/repositories/device.ts";
import { parsePage } from "../../../src/shared/repositories/page.ts";
import type { Devices } from "../../../src/shared/services/devices.ts";

/** What somebody knows of the devices that he looks for. */
export type Wanted = {
  /** A key or how one begins, a device id or how one begins, how a serial number begins, or a dealer's id. */
  readonly text?: string | undefined;
  readonly source?: Source | undefined;
  readonly dealer?: string | undefined;
  readonly status?: DeviceStatus | undefined;
};

/** Which of the lists that a search goes through, and where in it. */
export type SearchPosition = readonly [list: number, place: string];

export type Found =
  | { readonly ok: true; readonly devices: readonly FoundDevice[]; readonly next: SearchPosition | null }
  | { readonly ok: false; readonly reason: "bad_cursor" };

/** A device, or a stretch of an index. */
type List = {
  readonly where: { readonly key: DeviceKey } | DeviceFilter;
  /** What the index does not decide. Rows that it sorts out make a page shorter: none is read on and on to fill it. */
  readonly holds: (device: FoundDevice) => boolean;
};

const START = "start";

/**
 * Finds devices where an index leads to them, and nowhere else: what somebody typed is looked up as a key, then as how a
 * key, an id or a serial number begins, then as a dealer's id. Each list is read once for a page at the most.
 */
export async function search(
  devices: Pick<Devices, "find" | "list">,
  wanted: Wanted,
  { first, after }: { readonly first: number; readonly after?: SearchPosition | undefined },
): Promise<Found> {
  const lists = listsFor(wanted);
  const found: FoundDevice[] = [];
  let [index, place] = after ?? [0, START];
  if (index < 0) return { ok: false, reason: "bad_cursor" };
  for (; found.length < first && index < lists.length; index++, place = START) {
    const list = lists[index] as List;
    const read = await readOf(devices, list, { first: first - found.length, after: place === START ? null : place });
    if (!read.ok) return read;
    found.push(...read.devices.filter(list.holds));
    if (read.next) return { ok: true, devices: found, next: [index, read.next] };
  }
  return { ok: true, devices: found, next: index < lists.length ? [index, START] : null };
}

type Read =
  | { readonly ok: true; readonly devices: readonly FoundDevice[]; readonly next: string | null }
  | { readonly ok: false; readonly reason: "bad_cursor" };

async function readOf(
  devices: Pick<Devices, "find" | "list">,
  { where }: List,
  asked: { readonly first: number; readonly after: string | null },
): Promise<Read> {
  if ("key" in where) return { ok: true, devices: await devices.find([where.key]), next: null };
  const listing = { filter: where };
  const page = parsePage(asked, deviceCursorOf(listing));
  if (!page.ok) return { ok: false, reason: "bad_cursor" };
  const { edges, pageInfo } = await devices.list(page.page, listing);
  return { ok: true, devices: edges.map(({ node }) => node), next: pageInfo.hasNextPage ? pageInfo.endCursor : null };
}

function listsFor({ text, source, dealer, status }: Wanted): List[] {
  const filter: DeviceFilter = { source, dealerId: dealer, status };
  if (text === undefined) return [{ where: filter, holds: () => true }];
  const fits = (device: FoundDevice) =>
    (source === undefined || sourceOf(device.key) === source) &&
    (dealer === undefined || device.dealerId === dealer) &&
    (status === undefined || device.status === status);
  const beginnings = beginningsOf(text).filter((each) => source === undefined || sourceOf(each) === source);
  const keys = beginnings.filter(isDeviceKey);
  // Whoever stood in one list does not stand in a later one.
  const isBelow = ({ key }: FoundDevice) => beginnings.some((beginning) => key.startsWith(beginning));
  const hasSerial = ({ serialNumber }: FoundDevice) => serialNumber?.startsWith(text) ?? false;
  return [
    ...keys.map((key) => ({ where: { key }, holds: fits })),
    ...beginnings.map((keyPrefix) => ({
      where: { ...filter, keyPrefix },
      holds: ({ key }: FoundDevice) => !(keys as string[]).includes(key),
    })),
    {
      // A rare status would have all of a common beginning walked: here the page is sorted out instead.
      where: { serialPrefix: text, dealerId: dealer },
      holds: (device) => fits(device) && !isBelow(device),
    },
    ...(dealer === undefined
      ? [
          {
            where: { ...filter, dealerId: text },
            holds: (device: FoundDevice) => !isBelow(device) && !hasSerial(device),
          },
        ]
      : []),
  ];
}

/** How the keys begin that a text may mean: one when it names a source, or else one of each. */
const beginningsOf = (text: string): DeviceKey[] =>
  SOURCES.some((source) => text.startsWith(`${source}:`))
    ? [text as DeviceKey]
    : SOURCES.map((source) => deviceKeyOf(source, text));
