import type { Interval } from "#domain/assignment.ts";
import { SEVERITIES } from "#domain/change.ts";
import { sourceOf } from "#domain/event.ts";
import { type Moment, parseTime } from "#domain/time.ts";
import type { AlertFilter, FoundAlert } from "#repositories/alert.ts";
import type { HistoryFilter } from "#repositories/history.ts";
import type { KeyRange } from "#repositories/keyset.ts";
import { type Cursor, compareCursors, type Page, type PageRequest, pageFromAll } from "#repositories/page.ts";
import { ArchiveRefused, type DeviceAsOf, type TimesAsked } from "#services/earlier-devices.ts";
import { userError } from "../errors.ts";
import { builder } from "./builder.ts";
import { deviceArgs } from "./device-ref.ts";
import type { Counted } from "./page.ts";

type Earlier = DeviceAsOf["earlier"];

/** A state of the archive is some dozens of ranged reads. */
export const AS_OF_COST = 100;

export const EarlierDevice = builder.objectRef<Earlier>("EarlierDevice").implement({
  description: "The time that a device is shown as of.",
  fields: (t) => ({
    asOf: t.expose("asOf", {
      type: "DateTime",
      description: "Events count that had occurred by then, by their source's clock.",
    }),
    knownAt: t.expose("knownAt", {
      type: "DateTime",
      description: "Of those, the ones count that had been received by then.",
    }),
    completeUntil: t.expose("completeUntil", {
      type: "DateTime",
      description:
        "All that was received before this time, from `completeSince` on, is in the answer. Of what was received later, the newest events are: one that was very late comes in with the next day.",
    }),
    completeSince: t.expose("completeSince", {
      type: "DateTime",
      nullable: true,
      description:
        "What was received before this time may be missing: the archive began then, or does not keep what is older. Null if nothing is missing, however long ago it was received.",
    }),
  }),
});

/** The arguments that name a device, and a time. */
export const deviceArgsAsOf = {
  ...deviceArgs,
  ...builder.args((t) => ({
    asOf: t.field({ type: "DateTime", description: "The device as of this time. Absent: as it is now." }),
    knownAt: t.field({
      type: "DateTime",
      description: "As it was known at this time. Only beside `asOf`; absent: by what is known now.",
    }),
  })),
};

type Times = { readonly asOf?: Moment | null | undefined; readonly knownAt?: Moment | null | undefined };

/** @throws GraphQLError with the code BAD_USER_INPUT */
export function timesAsked({ asOf, knownAt }: Times): TimesAsked | null {
  if (asOf == null && knownAt != null)
    throw userError("Give `asOf` beside `knownAt`: the time that the device is shown as of.");
  return asOf == null ? null : { asOf, knownAt: knownAt ?? null };
}

/** What the archive refuses is the client's to correct. */
export async function orRefused<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    if (thrown instanceof ArchiveRefused) throw userError(thrown.message);
    throw thrown;
  }
}

/** What follows the key in the id of a device as of a time. */
export const earlierId = ({ asOf, knownAt, isKnownAtAsked }: Earlier): string =>
  `@${asOf}${isKnownAtAsked ? `@${knownAt}` : ""}`;

/** A page of the alerts as of then, in the order of the alerts of now. */
export function earlierAlerts(
  { alerts }: Earlier,
  { page, filter }: { readonly page: PageRequest; readonly filter: AlertFilter },
): Counted<FoundAlert> {
  const matching = alerts
    .filter((alert) => matches(alert, filter))
    .sort((a, b) => compareCursors(ALERT_EDGE.cursor(b), ALERT_EDGE.cursor(a)));
  return { ...pageFromAll(matching, page, ALERT_EDGE), count: async () => matching.length };
}

const ALERT_EDGE = {
  cursor: ({ raisedAt, deviceKey, alertId }: FoundAlert): Cursor => ["ALERTS", momentOf(raisedAt), deviceKey, alertId],
  node: (alert: FoundAlert) => alert,
  direction: "descending",
} as const;

const momentOf = (time: string | null): Moment | null => (time === null ? null : (parseTime(time) ?? null));

function matches(alert: FoundAlert, filter: AlertFilter): boolean {
  const { state, states, severity, severities, minSeverity, sources, deviceKey, raised } = filter;
  const isSevere = (least: string) =>
    alert.severity !== null && SEVERITIES.indexOf(alert.severity) >= SEVERITIES.indexOf(least as never);
  return [
    state == null || alert.state === state,
    states == null || states.includes(alert.state),
    severity == null || alert.severity === severity,
    severities == null || (alert.severity !== null && severities.includes(alert.severity)),
    minSeverity == null || isSevere(minSeverity),
    sources == null || sources.includes(sourceOf(alert.deviceKey)),
    deviceKey == null || alert.deviceKey === deviceKey,
    raised == null || isInRange(momentOf(alert.raisedAt), raised),
  ].every(Boolean);
}

const isInRange = (at: Moment | null, { from, to }: KeyRange): boolean =>
  at !== null && (from == null || from <= at) && (to == null || at < to);

/** A page of the assignments as of then. */
export const earlierAssignments = ({ assignments }: Earlier, page: PageRequest): Page<Interval> =>
  pageFromAll(assignments, page, {
    cursor: ({ from }: Interval): Cursor => ["ASSIGNMENTS", from],
    node: (interval: Interval) => interval,
    direction: "ascending",
  });

/** A filter of the history that ends with the time: a further digit of its second sorts behind `0`. */
export function untilThen({ asOf }: Earlier, filter: HistoryFilter): HistoryFilter {
  const end = `${momentOf(asOf)}0`;
  const { from, to } = filter.occurred ?? {};
  return { ...filter, occurred: { ...(from != null && { from }), to: to != null && to < end ? to : end } };
}
