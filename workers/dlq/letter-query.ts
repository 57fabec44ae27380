import * as z from "zod";
import type { Failure } from "../../src/shared/queue/letter.ts";
import type { LetterFilter, LetterPosition } from "../../src/shared/repositories/dead-letter.ts";
import { LETTER_STATES } from "../../src/shared/repositories/tables.ts";

export type LetterQuery =
  | { readonly ok: true; readonly filter: LetterFilter }
  | {
      readonly ok: false;
      readonly message: string;
      readonly parameters: readonly { readonly name: string; readonly message: string }[];
    };

/** Reads the query of a list of letters. A parameter we do not know is refused, for a filter with a typo would match all. */
export function parseLetterQuery(query: Record<string, string>): LetterQuery {
  const { data, error } = Query.safeParse(query);
  if (data) return { ok: true, filter: data };
  const parameters = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => ({ name, message: `is not one of ${Object.keys(Query.shape).join(", ")}` }))
      : [{ name: issue.path.join("."), message: issue.message }],
  );
  const described = parameters.map(({ name, message }) => `${name} ${message}`).join("; ");
  return { ok: false, message: `Nothing was read, because of the query: ${described}.`, parameters };
}

/** Opaque to clients: they hand back what they were given. */
export const cursorOf = ({ lastFailedAtMs, id }: LetterPosition): string =>
  btoa(JSON.stringify([lastFailedAtMs, id]))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function positionOf(cursor: string): LetterPosition | undefined {
  try {
    const { data } = Position.safeParse(JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/"))));
    return data && { lastFailedAtMs: data[0], id: data[1] };
  } catch {
    return undefined;
  }
}

const Position = z.tuple([z.int(), z.string().min(1)]);

/** A record, so that a new reason fails the build here. */
const REASONS = Object.keys({
  unknown_topic: true,
  empty_value: true,
  not_json: true,
  schema_mismatch: true,
  clock_skew: true,
  too_large: true,
  too_deep: true,
  too_many_headers: true,
  fault: true,
  crash: true,
} satisfies Record<Failure["reason"], true>) as Failure["reason"][];

const Query = z.strictObject({
  state: z.enum(LETTER_STATES, `must be one of ${LETTER_STATES.join(", ")}`).optional(),
  topic: z.string().min(1, "must not be empty").max(249, "must be at most 249 characters").optional(),
  reason: z.enum(REASONS, `must be one of ${REASONS.join(", ")}`).optional(),
  first: z
    .string()
    .regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100")
    .transform(Number)
    .default(25),
  after: z
    .string()
    .transform((cursor, { addIssue }) => {
      const position = positionOf(cursor);
      if (!position) addIssue("must be the nextCursor of a list");
      return position;
    })
    .optional(),
});
