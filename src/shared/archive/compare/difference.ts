import { formatOccurredAt, type Version } from "#domain/version.ts";

/**
 * Why a stored value is not what the archive says:
 * - missing: there is no row, register or entry for what an archived event wrote
 * - notArchived: there is one that no archived event wrote
 * - older: it is of an older version than the archive's
 * - newer: it is of a newer version than any event in the archive
 * - sameVersion: it is of the same version, with another value
 * - derived: a column does not follow from the state in its own row
 * - search: the text that a device is found by is not what its row says
 * - count: a kept count is not what counting finds
 */
export const CAUSES = [
  "missing",
  "notArchived",
  "older",
  "newer",
  "sameVersion",
  "derived",
  "search",
  "count",
] as const;
export type Cause = (typeof CAUSES)[number];

/** Where the difference is. `snapshot` and `history` are a device's object, all others rows of D1. */
export type Place =
  | "device"
  | "alert"
  | "assignment"
  | "dealer"
  | "customer"
  | "deviceCount"
  | "alertCount"
  | "snapshot"
  | "history";

export type Difference = {
  readonly place: Place;
  /** The device's key, the party's key `{source}:{id}`, or what a count is of. */
  readonly subject: string;
  /** The part that is joined on its own: `aspects.profile`; `*` for a whole device. */
  readonly part: string;
  /** The member within it that differs: `aspects.profile.name`. */
  readonly path: string;
  readonly cause: Cause;
  /** What is stored; `null` for nothing. May be personal: mask it before it is shown. */
  readonly live: unknown;
  /** What the archive says, or what the column has to be; `null` for nothing. May be personal. */
  readonly archived: unknown;
  readonly liveVersion: Version | null;
  readonly archivedVersion: Version | null;
  /** Of a history's entry: its topic, whose contract says what is personal. */
  readonly topic?: string;
  /**
   * Whether the stored value is above the archive in the order of the join. An event that is archived later may still explain
   * it; nothing explains one that is not.
   */
  readonly isAbove: boolean;
};

/** The difference in a sentence, without any value. */
export function describeDifference(difference: Difference): string {
  const { place, subject, path } = difference;
  const what = path === "*" ? "" : ` ${path}`;
  return `${PLACES[place]} ${subject}${what}: ${sentenceOf(difference)}`;
}

const PLACES: Readonly<Record<Place, string>> = {
  device: "device",
  alert: "alert of",
  assignment: "assignment of",
  dealer: "dealer",
  customer: "customer",
  deviceCount: "count of devices",
  alertCount: "count of open alerts",
  snapshot: "object of",
  history: "history in the object of",
};

function sentenceOf({ cause, place, live, archived, liveVersion, archivedVersion }: Difference): string {
  switch (cause) {
    case "missing":
      return `is missing, though an event of ${at(archivedVersion)} is in the archive`;
    case "notArchived":
      return `is stored with the version of ${at(liveVersion)}, and no archived event wrote it`;
    case "older":
      return `is of ${at(liveVersion)}, and the archive has an event of ${at(archivedVersion)}`;
    case "newer":
      return `is of ${at(liveVersion)}, and the archive has none after ${at(archivedVersion)}`;
    case "sameVersion":
      return `has another value than the archived event of the same version, ${at(liveVersion)}`;
    case "derived":
      return "does not follow from the state in its own row";
    case "search":
      return "is found by another text than its row has";
    case "count":
      return `is kept as ${String(live)}, and counting finds ${String(archived)}`;
    default:
      return `${cause satisfies never} ${place}`;
  }
}

const at = (version: Version | null): string => (version === null ? "no time" : formatOccurredAt(version));
