import type { Scope } from "#auth/scope.ts";
import { raisedVersion } from "#domain/alert.ts";
import type { DeviceState } from "#domain/as-of.ts";
import { type Assignments, type Interval, isWithin, toIntervals } from "#domain/assignment.ts";
import type { DeviceArchive, Held } from "#domain/device-archive.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { ReadingPoint, ReadingRange } from "#domain/readings.ts";
import { formatRfc3339, type Moment, toMilliseconds, toMoment } from "#domain/time.ts";
import { versionMoment } from "#domain/version.ts";
import { type FoundAlert, seenAlert } from "#repositories/alert.ts";
import { type FoundDevice, seenDevice } from "#repositories/device.ts";

/** The moment that is asked about, and when its answer was known; `null` for now. */
export type TimesAsked = { readonly asOf: Moment; readonly knownAt: Moment | null };

/** A device as of a time. Times are RFC 3339 in UTC. */
export type DeviceAsOf = FoundDevice & {
  readonly earlier: {
    readonly asOf: string;
    /** When it was known: as it was asked, or the time of the answer. */
    readonly knownAt: string;
    /** Whether `knownAt` was asked for. */
    readonly isKnownAtAsked: boolean;
    /** All that was received before this time is in the answer; of what came later, what the device's object has. */
    readonly completeUntil: string;
    /** What was received before this time may be missing; `null` if nothing is. */
    readonly completeSince: string | null;
    /** The alerts as of then, newest raised first. */
    readonly alerts: readonly FoundAlert[];
    /** The assignments as of then, oldest first. */
    readonly assignments: readonly Interval[];
  };
};

export type DeviceReadings = ReadingRange & {
  /** RFC 3339 in UTC; as for a device as of a time. */
  readonly completeUntil: string;
  readonly completeSince: string | null;
  readonly points: readonly ReadingPoint[];
};

/** What the archive does not answer. Nothing was changed; the message says to the client what to ask instead. */
export class ArchiveRefused extends Error {
  override readonly name = "ArchiveRefused";
}

const NO_ARCHIVE = "This environment has no archive, so that nothing is known of earlier times.";

/** Devices of earlier times, as one scope may see them. The caller has looked up that it may see the device now. */
export class EarlierDevices {
  readonly #scope: Scope;
  readonly #archive: DeviceArchive | undefined;

  constructor(scope: Scope, archive: DeviceArchive | undefined) {
    this.#scope = scope;
    this.#archive = archive;
  }

  /** @param held the caller's own intervals by what is known today; `null` if it may see every time */
  async find(
    key: DeviceKey,
    { asOf, knownAt }: TimesAsked,
    held: readonly Interval[] | null,
  ): Promise<DeviceAsOf | null> {
    const archive = this.#required;
    if (held && !held.some((interval) => hadAt(interval, asOf))) return null;
    const answer = await archive.deviceAsOf(key, { asOf, knownAtMs: knownAt && toMilliseconds(knownAt) });
    if (answer.kind === "refused") throw new ArchiveRefused(answer.message);
    const { state, knownAtMs } = answer;
    if (!state) return null;
    const device = seenDevice(this.#scope, key, state);
    // What was known then may have another dealer than what is known today.
    if (this.#scope.role === "dealer" && !this.#scope.dealerIds.includes(device.dealerId ?? "")) return null;
    return {
      ...device,
      earlier: {
        asOf: formatRfc3339(asOf),
        knownAt: knownAt ? formatRfc3339(knownAt) : toMoment(knownAtMs),
        isKnownAtAsked: knownAt !== null,
        ...completeness(answer),
        alerts: this.#alertsOf(state, held),
        assignments: this.#intervalsOf(state.assignments),
      },
    };
  }

  /** @param held as for `find` */
  async readings(key: DeviceKey, range: ReadingRange, held: readonly Interval[] | null): Promise<DeviceReadings> {
    const answer = await this.#required.deviceReadings(key, { ...range, held: held?.map(toHeld) ?? null });
    if (answer.kind === "refused") throw new ArchiveRefused(answer.message);
    return { ...range, points: answer.points, ...completeness(answer) };
  }

  get #required(): DeviceArchive {
    if (!this.#archive) throw new ArchiveRefused(NO_ARCHIVE);
    return this.#archive;
  }

  /** To a dealer those that were raised while it had the device, as in the alerts of now. */
  #alertsOf({ key, alerts }: DeviceState, held: readonly Interval[] | null): FoundAlert[] {
    return [...alerts].flatMap(([alertId, alert]) => {
      const raised = raisedVersion(alert);
      const isSeen = held === null || (raised !== null && held.some((interval) => isWithin(interval, raised)));
      return isSeen ? [seenAlert(this.#scope, { deviceKey: key, alertId }, alert)] : [];
    });
  }

  /** To a dealer its own: the times of others are times without a dealer, and left out. */
  #intervalsOf(assignments: Assignments): Interval[] {
    const { role } = this.#scope;
    if (role !== "dealer") return toIntervals(assignments);
    const { dealerIds } = this.#scope;
    const seen = [...assignments].map(
      ([version, dealerId]) => [version, dealerId !== null && dealerIds.includes(dealerId) ? dealerId : null] as const,
    );
    return toIntervals(new Map(seen)).filter(({ dealerId }) => dealerId !== null);
  }
}

type Times = { readonly completeUntilMs: number; readonly completeSinceMs: number | null };
const completeness = ({ completeUntilMs, completeSinceMs }: Times) => ({
  completeUntil: toMoment(completeUntilMs),
  completeSince: completeSinceMs === null ? null : toMoment(completeSinceMs),
});

/** Whether the device was its dealer's after all that had occurred by then. */
const hadAt = ({ from, to }: Interval, asOf: Moment): boolean =>
  versionMoment(from) <= asOf && (to === null || asOf < versionMoment(to));

const toHeld = ({ from, to }: Interval): Held => ({
  fromMs: toMilliseconds(versionMoment(from)),
  toMs: to && toMilliseconds(versionMoment(to)),
});
