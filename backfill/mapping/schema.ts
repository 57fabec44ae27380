import * as z from "zod";
import { isTimeZone } from "#base/time-zone.ts";
import { SOURCES } from "#domain/event.ts";

const name = z.string().min(1);
const column = name.meta({ description: "A column's name, as it is in the file." });
const words = z.array(z.string()).min(1);
/** YAML reads `on`, `1` and `true` as what they look like; a file has text. */
const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** `null` in JSON and Parquet is null everywhere. These say which texts are. */
const nullIf = z.array(z.string()).meta({
  description: "Texts that mean null. A quoted field of a CSV file is compared too, unlike with `csv.nullIf`.",
});

const zone = name.refine(isTimeZone, "must be a time zone such as America/Chicago, UTC or +02:00").meta({
  description: "Time zone of times that name none: a name of the IANA database, or an offset.",
});

const format = name.meta({
  description:
    "How times are written: iso (the default: RFC 3339, or with a space, also without a zone), epoch-seconds, epoch-millis, epoch-micros, epoch-nanos, or Snowflake's elements, as MM/DD/YYYY HH24:MI:SS.FF3 TZHTZM.",
});

const TimeSpec = z.strictObject({ column, format: format.optional(), zone: zone.optional() });
const time = z.union([column, TimeSpec], "must be a column, or { column, format, zone }");

/** How a value is converted. Without it, to what the contract has at that place. */
export const CONVERSIONS = ["text", "number", "boolean", "time", "list", "json"] as const;

export const ValueSpec = z
  .strictObject({
    column: column.optional(),
    lookup: name.optional().meta({ description: "Takes the column from the row of this lookup, not of the table." }),
    by: column.optional().meta({ description: "The table's column that has the key of the lookup's row." }),
    constant: z.json().optional().meta({ description: "The same value for every row, in place of a column." }),
    as: z.enum(CONVERSIONS).optional().meta({
      description: "The type it is converted to. Without it, the type that the contract has at this place.",
    }),
    values: z.record(z.string(), scalar.nullable()).optional().meta({
      description:
        "A table of values: what the file has, and what the event gets. A value that is not in it is a fault.",
    }),
    otherwise: scalar.nullable().optional().meta({ description: "For values that `values` does not have." }),
    nullIf: nullIf.optional(),
    default: z.json().optional().meta({ description: "In place of null. Without it, the member is left out." }),
    format: format.optional(),
    zone: zone.optional(),
    trueWords: words.optional().meta({ description: "Texts that are true. Default: true, t, yes, y, on, 1." }),
    falseWords: words.optional().meta({ description: "Texts that are false. Default: false, f, no, n, off, 0." }),
    separator: z.string().min(1).optional().meta({
      description: "Between the elements of a list in a text; without it, the text is a JSON array.",
    }),
  })
  .refine((spec) => (spec.column === undefined) !== (spec.constant === undefined), {
    message: "needs either a column or a constant",
  })
  .refine((spec) => (spec.lookup === undefined) === (spec.by === undefined), {
    message: "lookup and by go together: the lookup's name, and the column with its key",
  });

const Condition = z
  .strictObject({
    isNull: z.boolean().optional().meta({ description: "Whether the column is null." }),
    in: z.array(scalar).min(1).optional().meta({ description: "The column is one of these." }),
    notIn: z.array(scalar).min(1).optional().meta({ description: "The column is none of these; null is none." }),
    nullIf: nullIf.optional(),
  })
  .refine((spec) => spec.isNull !== undefined || spec.in !== undefined || spec.notIn !== undefined, {
    message: "needs isNull, in or notIn",
  });

const when = z.record(column, Condition).meta({ description: "All of these must hold." });

const topic = z
  .string()
  .regex(/^device\.(\{source\}|[a-z]+)\.[a-z]+\.[a-z]+$/, "must be a topic, as device.{source}.registration.created");

const EventSpec = z.strictObject({
  topic: z.union([topic, z.array(topic).min(1)], "must be a topic, or a list of topics of several sources").meta({
    description:
      "The event's topic, or one for each source. {source} stands for every source of the table. A row becomes an event of the topic that is of its source, and none if there is no such topic.",
  }),
  contractVersion: z.int().min(1).optional().meta({
    description:
      "The version of the topic's contract that `data` is written for, if that is no longer the current one: docs/evolving-contracts.md. Events of it are converted by Concord.",
  }),
  name: name.optional().meta({ description: "Tells events of one topic in one table apart. It is part of their ids." }),
  when: when.optional(),
  time: time.optional().meta({ description: "When it happened, where that is not the row's `time`." }),
  data: z
    .record(name, z.union([column, ValueSpec], "must be a column, or an object with column or constant"))
    .default({})
    .meta({ description: "The members of `data`, by path (`dealer.name`): a column, or more about the value." }),
});

const csv = z
  .strictObject({
    delimiter: z.string().length(1).default(","),
    quote: z.string().length(1).nullable().default('"').meta({ description: "null: fields are never quoted." }),
    escape: z
      .string()
      .length(1)
      .optional()
      .meta({ description: "Before a quote in a quoted field. Default: a quote." }),
    header: z.boolean().default(true).meta({ description: "Whether the first line names the columns." }),
    nullIf: z.array(z.string()).default(["\\N"]).meta({ description: "Unquoted texts that are null." }),
    emptyIsNull: z.boolean().default(true).meta({
      description: 'Whether a field without a character is null. A quoted one ("") never is: that is the empty text.',
    }),
  })
  .meta({ description: "How CSV files are written. The defaults are what Snowflake unloads." });

const files = z.union([name, z.array(name).min(1)], "must be a pattern of paths, or a list of them").meta({
  description: "Patterns of paths below the folder: devices/*.csv.gz, dealers.parquet. `**` matches folders too.",
});
const columns = z.array(column).min(1).meta({ description: "The columns' names, for CSV files without a header." });
const key = z.union([column, z.array(column).min(1)], "must be a column, or a list of columns");

const SourceSpec = z.union(
  [
    z.enum(SOURCES),
    z.strictObject({
      column,
      values: z.record(z.string(), z.enum(SOURCES)).optional().meta({ description: "What the file has: our source." }),
    }),
  ],
  `must be ${SOURCES.join(", ")}, or { column, values }`,
);

const TableSpec = z.strictObject({
  files,
  columns: columns.optional(),
  key: key.meta({
    description: "The column, or columns, that identify a row. With its time they make the event's id.",
  }),
  device: column.meta({ description: "The column with the device's id, unique within its source." }),
  source: SourceSpec.meta({ description: "The upstream system that the row's device is of: constant, or by column." }),
  time: time.meta({
    description: "When the row last changed at its source. Not when it was loaded: live events win by it.",
  }),
  when: when.optional().meta({ description: "Rows for which this does not hold are skipped." }),
  csv: csv.optional(),
  events: z
    .array(EventSpec)
    .min(1)
    .meta({ description: "What a row becomes: every one of these whose conditions hold." }),
});

const LookupSpec = z.strictObject({
  files,
  columns: columns.optional(),
  key: column.meta({
    description: "The column by which rows are found. Of two rows with one key, the later one counts.",
  }),
  csv: csv.optional(),
});

/** A mapping: which files hold which tables, and which events their rows become. */
export const Mapping = z
  .strictObject({
    $schema: z.string().optional(),
    revision: z.int().min(1).max(99).default(1).meta({
      description:
        "Raise it when a mapping that has run was wrong: events of a higher revision replace those of a lower one with the same time, and still lose to live events.",
    }),
    zone: zone.optional(),
    csv: csv.optional(),
    lookups: z.record(name, LookupSpec).default({}).meta({
      description:
        "Small tables that rows look values up in. They are held in memory: join large ones in the warehouse.",
    }),
    tables: z
      .record(name, TableSpec)
      .refine((tables) => Object.keys(tables).length > 0, "needs at least one table")
      .meta({ description: "By names of your choice, which are part of the events' ids." }),
  })
  .meta({ title: "A mapping of `concord backfill`" });

export type Mapping = z.output<typeof Mapping>;
export type TableSpec = z.output<typeof TableSpec>;
export type LookupSpec = z.output<typeof LookupSpec>;
export type EventSpec = z.output<typeof EventSpec>;
export type ValueSpec = z.output<typeof ValueSpec>;
export type TimeSpec = z.output<typeof TimeSpec>;
export type SourceSpec = z.output<typeof SourceSpec>;
export type Condition = z.output<typeof Condition>;
export type CsvSpec = z.output<typeof csv>;
export const CSV_DEFAULTS: CsvSpec = csv.parse({});

/** For editors: `# yaml-language-server: $schema=…` in the first line of a mapping. */
export const mappingJsonSchema = () => z.toJSONSchema(Mapping, { io: "input", target: "draft-7" });
