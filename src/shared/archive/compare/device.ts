import type { Alert } from "#domain/alert.ts";
import type { Assignments } from "#domain/assignment.ts";
import type { Device } from "#domain/device.ts";
import type { DeviceKey } from "#domain/event.ts";
import { alertPath, type Part, partsOf } from "#domain/parts.ts";
import {
  type AlertColumns,
  alertColumns,
  type DeviceColumns,
  type DeviceTexts,
  deviceColumns,
  deviceTexts,
} from "./columns.ts";
import type { Difference } from "./difference.ts";
import { differingFields } from "./fields.ts";
import { compareObject, type LiveObject } from "./object.ts";
import { differingParts, type IsExplained } from "./parts.ts";

/** A device as it is stored: its rows as they were at one moment, and its object. */
export type LiveDevice = {
  readonly key: DeviceKey;
  readonly row: (Pick<Device, "aspects" | "latest"> & { readonly columns: DeviceColumns }) | null;
  readonly alerts: readonly { readonly alertId: string; readonly alert: Alert; readonly columns: AlertColumns }[];
  readonly assignments: Assignments;
  /** What it is found by, and its customer's name as stored (`null` for none); absent if that is not compared. */
  readonly search?: { readonly texts: DeviceTexts | null; readonly customerName: string | null };
  /** What its object holds, `null` for nothing; absent if that is not compared. */
  readonly object?: LiveObject | null;
};

/**
 * What differs between a device as it is stored and the fold of its archived events, part by part and field by field. For
 * equality, everything has to be at rest; while events flow, `isExplained` says which parts later events have written.
 * @param fold `null` if the archive has no event of the device
 */
export function compareDevice(
  live: LiveDevice,
  fold: Device | null,
  isExplained: IsExplained = () => false,
): Difference[] {
  return [
    ...compareRows(live, fold, isExplained),
    ...compareColumns(live),
    ...compareSearch(live),
    ...(live.object === undefined ? [] : compareObject(live.key, live.object, fold, isExplained)),
  ];
}

function compareRows(live: LiveDevice, fold: Device | null, isExplained: IsExplained): Difference[] {
  const { key: subject, row } = live;
  const stored = liveParts(live);
  const archived: ReadonlyMap<string, Part> = fold ? partsOf({ ...fold, history: [] }) : new Map();
  const differences = withWholeAlerts(live, differingParts({ subject, live: stored, archived, isExplained }));
  if (row === null && fold)
    return withWholeDevice(differences, { cause: "missing", live: null, archived: fold.latest });
  // Unless a later event explains that there is a device.
  const isUnknown = !fold && row !== null && differences.some(({ part }) => part === "latest");
  return isUnknown
    ? withWholeDevice(differences, { cause: "notArchived", live: row.latest, archived: null })
    : differences;
}

/** A device whose row is missing, or unknown to the archive, is one difference, whatever is in it. */
function withWholeDevice(
  differences: readonly Difference[],
  {
    cause,
    live,
    archived,
  }: Pick<Difference, "cause"> & { live: Device["latest"] | null; archived: Device["latest"] | null },
): Difference[] {
  const [first] = differences;
  if (!first) return [];
  const whole: Difference = {
    place: "device",
    subject: first.subject,
    part: "*",
    path: "*",
    cause,
    live: null,
    archived: null,
    liveVersion: live,
    archivedVersion: archived,
    isAbove: cause === "notArchived",
  };
  // Its alerts and assignments may be there all the same: then it is its own row that is missing.
  return [whole, ...differences.filter(({ place, cause: each }) => place !== "device" && each !== cause)];
}

/** An alert without a row is one difference, and so is one that the archive does not know. */
function withWholeAlerts({ alerts }: LiveDevice, differences: readonly Difference[]): Difference[] {
  const stored = new Set(alerts.map(({ alertId }) => alertPath(alertId)));
  const seen = new Set<string>();
  return differences.flatMap((difference) => {
    const path = difference.part.slice(0, difference.part.lastIndexOf("."));
    if (difference.place !== "alert" || difference.cause !== "missing" || stored.has(path)) return [difference];
    if (seen.has(path)) return [];
    seen.add(path);
    return [{ ...difference, part: path, path, archived: null }];
  });
}

/** The parts of a device in the rows of D1. */
export function liveParts({ row, alerts, assignments }: LiveDevice): ReadonlyMap<string, Part> {
  const parts = new Map(
    partsOf({
      latest: row?.latest ?? ("" as Device["latest"]),
      aspects: row?.aspects ?? {},
      alerts: new Map(alerts.map(({ alertId, alert }) => [alertId, alert])),
      assignments,
      history: [],
    }),
  );
  if (row === null) parts.delete("latest");
  return parts;
}

/** Compared with the state of the same row, so that it does not matter how far the archive is. */
function compareColumns({ key, row, alerts }: LiveDevice): Difference[] {
  const ofDevice = row ? derived("device", key, "columns", row.columns, expectedColumns(row)) : [];
  const ofAlerts = alerts.flatMap(({ alertId, alert, columns }) =>
    derived("alert", key, `${alertPath(alertId)}.columns`, columns, alertColumns(alert)),
  );
  return [...ofDevice, ...ofAlerts];
}

/** A release from before the column left it empty. */
const expectedColumns = (row: NonNullable<LiveDevice["row"]>): DeviceColumns => ({
  ...deviceColumns(row),
  ...(row.columns.updatedOn === "" && { updatedOn: "" }),
});

function compareSearch({ key, row, search }: LiveDevice): Difference[] {
  if (!search) return [];
  const expected = row && deviceTexts(row, search.customerName);
  const isFound = expected !== null && Object.entries(expected).some(([name, text]) => name !== "owner" && text !== "");
  // A device with no text has no row, or one that is empty since it had texts before.
  const texts = search.texts ?? (isFound ? null : expected);
  return derived("device", key, "search", texts, expected).map((each) => ({ ...each, cause: "search" }));
}

function derived(place: "device" | "alert", subject: string, part: string, live: unknown, expected: unknown) {
  return differingFields(part, live, expected).map(
    (field): Difference => ({
      place,
      subject,
      part,
      ...field,
      cause: "derived",
      liveVersion: null,
      archivedVersion: null,
      isAbove: false,
    }),
  );
}
