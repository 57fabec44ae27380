import * as z from "zod";
import { KINDS } from "../run/difference.ts";

const time = z.iso.datetime().meta({ description: "RFC 3339, UTC." });

const Example = z.object({
  document: z.string(),
  id: z.string(),
  field: z.string().meta({ description: "document.field, as in `fields`." }),
  at: z.string().meta({ description: "Which value: alerts[A-7].severity. Empty: the document as a whole." }),
  kind: z.enum(KINDS),
  old: z.string().meta({ description: "As JSON, cut off at 400 characters. A personal value is •••." }),
  new: z.string(),
  likeness: z.string().optional().meta({ description: "What the two values have in common." }),
  message: z.string().optional().meta({ description: "What an error says." }),
  firstSeen: time,
  lastSeen: time,
});
export type Example = z.output<typeof Example>;

const FieldReport = z.object({
  document: z.string(),
  field: z.string().meta({ description: "document.field; `[]` at its end: whether an item of the list is there." }),
  compared: z
    .int()
    .meta({ description: "Values that were compared in the last round, without noise and what is ignored." }),
  matched: z.int(),
  mismatch: z.int(),
  missingOld: z.int().meta({ description: "The old side has nothing there." }),
  missingNew: z.int().meta({ description: "The new side has nothing there." }),
  error: z.int().meta({ description: "Could not be compared." }),
  lagging: z.int().meta({ description: "Proved: both sides later had what the new side had." }),
  moved: z.int().meta({ description: "They agreed later, on another value than the new side had." }),
  items: z.int().meta({ description: "In how many items it differs." }),
  likenesses: z.array(z.object({ words: z.string(), count: z.int() })),
  examples: z.array(Example),
});
export type FieldReport = z.output<typeof FieldReport>;

/** What `concord parity --json` prints. */
export const Report = z.object({
  format: z.literal("concord.parity/1"),
  verdict: z.enum(["clean", "differences", "errors", "unfinished"]).meta({
    description: "errors: nothing differs, but not everything could be compared. unfinished: stopped before its end.",
  }),
  ending: z.enum(["done", "clean", "stopped", "time is up"]),
  startedAt: time,
  endedAt: time,
  old: z.object({ url: z.string(), requests: z.int() }),
  new: z.object({ url: z.string(), requests: z.int() }),
  repeatedRequests: z.int().meta({ description: "Requests that had to be sent again." }),
  settings: z.object({ file: z.string(), seed: z.int(), round: z.int() }),
  items: z.object({ all: z.int(), compared: z.int(), same: z.int(), differ: z.int() }).meta({
    description: "Of all documents together: an item of two documents counts twice.",
  }),
  totals: z.object({
    compared: z.int(),
    match: z.int(),
    mismatch: z.int(),
    missingOld: z.int(),
    missingNew: z.int(),
    error: z.int(),
    lagging: z.int(),
    moved: z.int(),
    noise: z.int(),
    ignored: z.int(),
  }),
  clean: z
    .object({ from: time.nullable(), to: time.nullable(), forMs: z.int(), neededMs: z.int() })
    .nullable()
    .meta({ description: "Of a run with --until-clean: the time in which nothing differed." }),
  fields: z.array(FieldReport).meta({ description: "What differs most comes first; fields that match are there too." }),
  differences: z.array(Example).meta({ description: "All that are there, at most 20,000." }),
  ids: z
    .array(z.object({ document: z.string(), id: z.string(), differences: z.int(), fields: z.array(z.string()) }))
    .meta({ description: "The items with most differences, at most 100." }),
  ignored: z.array(
    z.object({
      field: z.string(),
      ids: z.array(z.string()).optional(),
      reason: z.string(),
      until: z.string(),
      differences: z.int(),
      examples: z.array(Example),
    }),
  ),
  noise: z.array(
    z.object({
      document: z.string(),
      field: z.string(),
      compared: z.int().meta({ description: "How often the control run compared the old side with itself there." }),
      differed: z.int(),
      isLeftOut: z.boolean().meta({ description: "Whether all of the field is left out, and not only some items." }),
      differences: z.int().meta({ description: "Differences between the sides that are left out for it." }),
      examples: z.array(Example),
    }),
  ),
  errors: z.array(z.object({ document: z.string(), message: z.string(), count: z.int(), ids: z.array(z.string()) })),
  settled: z.array(Example.extend({ state: z.enum(["lagging", "moved", "answered"]) })).meta({
    description: "Examples of differences that are no longer there.",
  }),
  notCompared: z.array(z.object({ document: z.string(), side: z.enum(["old", "new"]), fields: z.array(z.string()) })),
});
export type Report = z.output<typeof Report>;

export const reportJsonSchema = () => z.toJSONSchema(Report, { target: "draft-7" });
