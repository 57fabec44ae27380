import * as z from "zod";
import { SOURCES } from "#domain/event.ts";
import { parseTime, toMilliseconds } from "#domain/time.ts";
import { REASONS } from "#letters/reasons.ts";
import type { DeadLetterRepository, LetterCondition } from "#letters/repositories/dead-letter.ts";
import { LETTER_STATES } from "#letters/states.ts";

export const Reason = z.enum(REASONS, `must be one of ${REASONS.join(", ")}`);
export const Topic = z.string().min(1, "must not be empty").max(249, "must be at most 249 characters");

export const Time = z
  .string()
  .transform(parseTime)
  .refine((moment) => moment !== undefined, "must be a time as RFC 3339 writes it: 2026-11-27T13:00:00Z")
  .transform(toMilliseconds);

/** The members by which letters are filtered, in a query or a body. */
export const Filter = {
  state: z.enum(LETTER_STATES, `must be one of ${LETTER_STATES.join(", ")}`).optional(),
  topic: Topic.optional(),
  source: z.enum(SOURCES, `must be one of ${SOURCES.join(", ")}`).optional(),
  device: z.string().min(1, "must not be empty").max(100).optional(),
  reason: Reason.optional(),
  group: z.string().min(1, "must not be empty").max(64).optional(),
  since: Time.optional(),
  until: Time.optional(),
  text: z.string().trim().min(1, "must not be empty").max(200).optional(),
};

const FilterObject = z.strictObject(Filter);

export const toCondition = ({
  device,
  group,
  since,
  until,
  ...same
}: z.output<typeof FilterObject>): LetterCondition => ({
  ...same,
  deviceKey: device,
  groupId: group,
  sinceMs: since,
  untilMs: until,
});

/** Most letters that one selection may hold. Ours: a plan reads and judges each of them within one request. */
export const MAX_SELECTED = 20_000;

const LetterId = z.string().min(1).max(200);

export const Selection = z.union(
  [
    z.strictObject({ ids: z.array(z.unknown()).min(1).max(MAX_SELECTED).pipe(z.array(LetterId)) }),
    z.strictObject({ group: z.string().min(1).max(64) }),
    z.strictObject({
      filter: FilterObject.refine((filter) => Object.values(filter).some((value) => value !== undefined), {
        message: "must name something: an empty filter would select every letter",
      }),
    }),
  ],
  {
    error: ({ input }) =>
      typeof input === "object" && input !== null && "filter" in input
        ? "has a filter that is empty, or has an unknown member or value"
        : 'must be {"ids":[…]}, {"group":"…"} or {"filter":{…}}',
  },
);
export type Selection = z.output<typeof Selection>;

/** A selection in one line, for the audit log. */
export const describeSelection = (selection: Selection): string => {
  if ("ids" in selection)
    return selection.ids.length === 1 ? (selection.ids[0] as string) : `${selection.ids.length} letters`;
  return "group" in selection ? selection.group : JSON.stringify(selection.filter);
};

/**
 * The letters that a selection names at this time.
 * @returns their ids, or `null` if there are more than `MAX_SELECTED`
 */
export async function resolveSelection(letters: DeadLetterRepository, selection: Selection): Promise<string[] | null> {
  if ("ids" in selection) return [...new Set(selection.ids)];
  // A group stands for its waiting letters; its closed ones need nothing more.
  const conditions: LetterCondition[] =
    "group" in selection
      ? (["open", "quarantined"] as const).map((state) => ({ groupId: selection.group, state }))
      : [toCondition(selection.filter)];
  const ids = (await Promise.all(conditions.map((each) => letters.idsWhere(each, MAX_SELECTED + 1)))).flat();
  return ids.length > MAX_SELECTED ? null : ids;
}
