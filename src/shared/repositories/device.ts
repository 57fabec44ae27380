import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import { type DeviceStatus, type DeviceView, viewDevice } from "../domain/device.ts";
import type { DeviceKey, Source } from "../domain/event.ts";
import { type Page, type PageRequest, pageOf, rowsFor } from "./page.ts";
import { eachOf, ofOwnDealer, type ReadHandle, Repository, startsWith } from "./repository.ts";
import { devices } from "./tables.ts";

export type FoundDevice = DeviceView & { readonly key: DeviceKey };

/** Conditions that all have to hold; absent and null ask for nothing. */
export type DeviceFilter = {
  readonly status?: DeviceStatus | null;
  readonly source?: Source | null;
  readonly dealerId?: string | null;
  /** Case matters. */
  readonly serialPrefix?: string | null;
};

/** Devices are listed by key. */
export const DeviceCursor = z.tuple([z.string().max(80)]);
export type DeviceCursor = z.infer<typeof DeviceCursor>;

const COLUMNS = ["key", "aspects", "latest"] as const;
type DeviceRow = Pick<typeof devices.$inferSelect, (typeof COLUMNS)[number]>;

/** Devices as the edge last saw them. A dealer sees those that are its own now. May trail the queue by under a second. */
export class DeviceRepository extends Repository<typeof devices> {
  constructor(handle: ReadHandle) {
    super(handle, devices);
  }

  /** In no order; what the scope may not see is left out, as is what does not exist. */
  async findAll(scope: Scope, keys: readonly string[]): Promise<FoundDevice[]> {
    const rows = await this.findManyById(keys, {
      select: COLUMNS,
      on: sql`${devices.key} = ids.value`,
      where: visibleTo(scope),
    });
    return rows.map(foundDevice);
  }

  async findPage(scope: Scope, page: PageRequest<DeviceCursor>, filter: DeviceFilter = {}): Promise<Page<FoundDevice>> {
    const rows = await this.findMany({
      select: COLUMNS,
      where: and(visibleTo(scope), matching(filter), page.after ? sql`${devices.key} > ${page.after[0]}` : undefined),
      orderBy: [asc(devices.key)],
      limit: rowsFor(page),
    });
    return pageOf(rows, page, DEVICE_EDGE);
  }

  /** The same page of each dealer's devices, in one statement. A dealer without devices is left out. */
  async findPagesByDealer(
    scope: Scope,
    dealerIds: readonly string[],
    page: PageRequest<DeviceCursor>,
  ): Promise<Map<string, Page<FoundDevice>>> {
    const after = page.after ? sql`AND own.key > ${page.after[0]}` : sql``;
    const rows = await this.findMany(
      { select: [...COLUMNS, "dealerId"], where: visibleTo(scope), orderBy: [asc(devices.key)] },
      sql`SELECT ${devices}.* FROM ${eachOf(dealerIds)} AS ids CROSS JOIN ${devices} ON ${devices.key} IN (
        SELECT own.key FROM ${devices} AS own WHERE own.dealer_id = ids.value ${after}
        ORDER BY own.key LIMIT ${rowsFor(page)})`,
    );
    const groups = Map.groupBy(rows, ({ dealerId }) => dealerId as string);
    return new Map([...groups].map(([dealerId, group]) => [dealerId, pageOf(group, page, DEVICE_EDGE)]));
  }
}

const visibleTo = (scope: Scope): SQL | undefined => ofOwnDealer(scope, devices.dealerId);

const matching = ({ status, source, dealerId, serialPrefix }: DeviceFilter): SQL | undefined =>
  and(
    status ? eq(devices.status, status) : undefined,
    // The plus keeps the key from being the index where the serial number says more.
    source ? startsWith(serialPrefix ? sql`+${devices.key}` : devices.key, `${source}:`) : undefined,
    dealerId != null ? eq(devices.dealerId, dealerId) : undefined,
    serialPrefix ? startsWith(devices.serialNumber, serialPrefix) : undefined,
  );

const foundDevice = ({ key, aspects, latest }: DeviceRow): FoundDevice => ({
  key,
  ...viewDevice({ aspects, latest }),
});

const DEVICE_EDGE = { cursor: ({ key }: DeviceRow): DeviceCursor => [key], node: foundDevice };
