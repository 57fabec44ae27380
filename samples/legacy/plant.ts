import type { Random } from "../random.ts";
import type { ApiFleet, Shown } from "./api-fleet.ts";
import type { RowOf, Warehouse } from "./table.ts";
import { deviceKeyOf } from "./warehouse.ts";

/** A difference between the API of the old system and its unload, and so between the API and what the unload becomes. */
export type Planted = {
  readonly kind: string;
  /** Which of the two is wrong. Events can mend what the unload has wrong. */
  readonly wrong: "unload" | "api";
  /** `{source}:{deviceId}` */
  readonly key: string;
  readonly deviceId: string;
  /** Where a comparison finds it, by the names of parity.yaml. */
  readonly fields: readonly string[];
};

/** A device's rows in the three tables that become events. */
type OwnRows = Pick<Warehouse, "devices" | "assignments" | "alerts">;

/** What is wrong; `undefined` for a device that cannot have this fault. */
type Damage = { readonly kind: string; readonly fields: readonly string[] } & (
  | { readonly unload: (own: OwnRows, warehouse: Warehouse) => OwnRows | undefined }
  | { readonly api: (shown: Shown) => Shown | undefined }
);

/** Shorter than every text of the samples. */
const CUT_OFF_LENGTH = 20;
const SIX_HOURS_MS = 6 * 3_600_000;

/** Each is planted once, in a device of its own. */
const DAMAGES: readonly Damage[] = [
  {
    kind: "wrong dealer",
    fields: ["device.dealer.dealerId", "device.dealer.name"],
    unload: ({ assignments, ...own }, { dealers }) => {
      const last = assignments.at(-1);
      if (!last || last.DEALER_KEY === null) return undefined;
      const other = dealers.find(
        ({ DEALER_KEY: key }) => key !== last.DEALER_KEY && String(key).startsWith(`${last.SOURCE_TYPE}-`),
      );
      return other && { ...own, assignments: [...assignments.slice(0, -1), { ...last, DEALER_KEY: other.DEALER_KEY }] };
    },
  },
  {
    kind: "lost alert",
    fields: ["alerts.alerts[]"],
    unload: (own) => (own.alerts.length > 0 ? { ...own, alerts: own.alerts.slice(1) } : undefined),
  },
  {
    kind: "wrong severity",
    fields: ["alerts.alerts[].severity"],
    unload: (own) => changeAlert(own, "SEVERITY", (severity) => (severity === "LOW" ? "MEDIUM" : "LOW")),
  },
  {
    kind: "cut-off text",
    fields: ["alerts.alerts[].text"],
    unload: (own) => changeAlert(own, "MESSAGE", (text) => text.slice(0, CUT_OFF_LENGTH)),
  },
  {
    kind: "missing device",
    fields: ["alerts", "device"],
    unload: () => ({ devices: [], assignments: [], alerts: [] }),
  },
  {
    kind: "number for text",
    fields: ["device.serialNumber"],
    unload: (own) =>
      changeDevice(own, "SERIAL", (text) =>
        /^\d{12}$/.test(text) ? Number(text).toExponential(5).toUpperCase() : text,
      ),
  },
  {
    kind: "truncated time",
    fields: ["device.registeredAt"],
    unload: (own) => changeDevice(own, "REGISTERED_AT", (time) => `${time.slice(0, 10)}T00:00:00.000Z`),
  },
  {
    // The clock of Chicago in winter, as if it were UTC's.
    kind: "other time zone",
    fields: ["device.report.reportedAt"],
    unload: (own) =>
      changeDevice(own, "LAST_SEEN", (time) => {
        const wall = new Date(Date.parse(time) - SIX_HOURS_MS).toISOString();
        return wall.slice(0, 19) + time.slice(19);
      }),
  },
  {
    kind: "stale firmware",
    fields: ["device.firmware"],
    unload: (own) =>
      changeDevice(own, "FIRMWARE", (text) =>
        text.replace(/\d+$/, (last) => String(Number(last) - 1).padStart(last.length, "0")),
      ),
  },
  {
    kind: "other unit",
    fields: ["device.report.indoorTemperatureC"],
    unload: (own) => changeDevice(own, "TEMPERATURE", (celsius) => (Number(celsius) * 1.8 + 32).toFixed(2)),
  },
  {
    kind: "null for a value",
    fields: ["device.report.humidityPct"],
    unload: (own) => changeDevice(own, "HUMIDITY", () => null),
  },
  {
    kind: "empty text for null",
    fields: ["device.name"],
    api: ({ device, alerts }) =>
      device.displayName === null ? { device: { ...device, displayName: "" }, alerts } : undefined,
  },
  {
    kind: "duplicated alert",
    fields: ["alerts.alerts[]"],
    api: ({ device, alerts: [first, ...rest] }) =>
      first && { device, alerts: [first, { ...first, id: `${first.id}-2` }, ...rest] },
  },
];

type Change = (before: string) => string | null;

function changeDevice(own: OwnRows, column: keyof RowOf<"devices">, change: Change): OwnRows | undefined {
  const [row] = own.devices;
  const next = row && changed(row, column, change);
  return next && { ...own, devices: [next] };
}

/** Changes the first alert that can have the fault. */
function changeAlert(own: OwnRows, column: keyof RowOf<"alerts">, change: Change): OwnRows | undefined {
  for (const row of own.alerts) {
    const next = changed(row, column, change);
    if (next) return { ...own, alerts: own.alerts.map((each) => (each === row ? next : each)) };
  }
  return undefined;
}

function changed<Row extends object>(row: Row, column: keyof Row, change: Change): Row | undefined {
  const before = row[column];
  if (before === null) return undefined;
  const after = change(String(before));
  return after === before ? undefined : { ...row, [column]: after };
}

export type Planting = {
  readonly planted: readonly Planted[];
  /** The warehouse as it is unloaded. */
  readonly unloaded: Warehouse;
  /** What the API answers in place of the truth, which goes on. */
  readonly distort: (fleet: ApiFleet) => ApiFleet;
};

type Ground = {
  readonly warehouse: Warehouse;
  readonly fleet: ApiFleet;
  /** Whether nothing happens to a device while events are live, so that none of them mends it. */
  readonly isQuiet: (key: string) => boolean;
};

/** @throws Error if no device of the fleet can have one of the faults */
export function plant({ warehouse, fleet, isQuiet }: Ground, random: Random): Planting {
  const free = new Set(random.shuffle(warehouse.devices.map(deviceKeyOf).filter(isQuiet)));
  const rowsOf = ownRows(warehouse);
  const unloaded = new Map<string, OwnRows>();
  const shown = new Map<string, (shown: Shown) => Shown>();

  function tryOn(key: string, damage: Damage): boolean {
    if ("unload" in damage) {
      const own = damage.unload(rowsOf(key), warehouse);
      if (own) unloaded.set(key, own);
      return own !== undefined;
    }
    const truth = fleet.get(key);
    if (!truth || !damage.api(truth)) return false;
    shown.set(key, (each) => damage.api(each) ?? each);
    return true;
  }

  const planted = DAMAGES.map((damage): Planted => {
    const key = [...free].find((each) => tryOn(each, damage));
    if (key === undefined)
      throw new Error(`No quiet device can have the fault "${damage.kind}": the fleet is too small`);
    free.delete(key);
    const { kind, fields } = damage;
    return {
      kind,
      wrong: "unload" in damage ? "unload" : "api",
      key,
      deviceId: key.slice(key.indexOf(":") + 1),
      fields,
    };
  });
  return {
    planted,
    unloaded: withRows(warehouse, unloaded),
    distort: (truth) => new Map([...truth].map(([key, each]) => [key, shown.get(key)?.(each) ?? each])),
  };
}

/** The true rows of the devices that the unload has wrong, for a second unload. */
export function mended(warehouse: Warehouse, planted: readonly Planted[]): Warehouse {
  const keys = new Set(planted.filter(({ wrong }) => wrong === "unload").map(({ key }) => key));
  const others = warehouse.devices.map(deviceKeyOf).filter((key) => !keys.has(key));
  const none: OwnRows = { devices: [], assignments: [], alerts: [] };
  return withRows(warehouse, new Map(others.map((key) => [key, none])));
}

function ownRows({ devices, assignments, alerts }: OwnRows): (key: string) => OwnRows {
  const [one, two, three] = [devices, assignments, alerts].map((rows) =>
    Map.groupBy<string, RowOf<"devices" | "assignments" | "alerts">>(rows, deviceKeyOf),
  );
  return (key) => ({
    devices: (one?.get(key) ?? []) as OwnRows["devices"],
    assignments: (two?.get(key) ?? []) as OwnRows["assignments"],
    alerts: (three?.get(key) ?? []) as OwnRows["alerts"],
  });
}

/** The same warehouse, with other rows for these devices, in the place of the old ones. */
function withRows(warehouse: Warehouse, replaced: ReadonlyMap<string, OwnRows>): Warehouse {
  const rowsOf = ownRows(warehouse);
  const all = warehouse.devices.map(deviceKeyOf).map((key) => replaced.get(key) ?? rowsOf(key));
  return {
    ...warehouse,
    devices: all.flatMap(({ devices }) => devices),
    assignments: all.flatMap(({ assignments }) => assignments),
    alerts: all.flatMap(({ alerts }) => alerts),
  };
}
