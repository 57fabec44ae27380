import * as z from "zod";
import { isTimeZone } from "#base/time-zone.ts";
import { PATH } from "../plan/path.ts";
import { SPAN_FORM, spanMs } from "../span.ts";

const name = z.string().min(1);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const whole = (min: number, max: number) => z.int().min(min).max(max);

const span = z
  .string(`must be ${SPAN_FORM}`)
  .refine((text) => spanMs(text) !== undefined, `must be ${SPAN_FORM}`)
  .transform((text) => spanMs(text) as number);

const path = z
  .string()
  .regex(PATH, "must be a path such as dealer.name or alerts.edges[].node")
  .meta({ description: "A path below `root`, by the names that the answer has. `[]` stands for each item of a list." });

const address = z.string().refine((given) => {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.password;
}, "must be an address such as https://concord.example.com/graphql, without user and password");

const Header = z.union(
  [
    z.string(),
    z.strictObject({ env: name, prefix: z.string().default("") }),
    z.strictObject({ file: name, prefix: z.string().default("") }),
  ],
  "must be text, { env: NAME } or { file: path }, the last two with an optional prefix",
);

const Side = z.strictObject({
  url: address.optional().meta({ description: "Where it answers GraphQL. --old-url and --new-url count before it." }),
  headers: z.record(name, Header).default({}).meta({
    description: "Headers of each request. A secret is taken from a variable or a file, and never written here.",
  }),
  inFlight: whole(1, 64).default(4).meta({ description: "Requests at the same time." }),
  perSecond: z.number().positive().max(10_000).optional().meta({
    description: "Requests a second, never more: 10 to the old side, 50 to the new one.",
  }),
  timeout: span.prefault("15s").meta({ description: "After which a request counts as not answered." }),
  attempts: whole(1, 20)
    .default(5)
    .meta({ description: "How often a request is tried that gets 429, 5xx or no answer." }),
});

const conversion = {
  trim: z.boolean().optional().meta({ description: "Blanks around a text are left out." }),
  nullIf: z.array(scalar).min(1).optional().meta({ description: 'Values that mean null: [""].' }),
  as: z.enum(["text", "number", "boolean", "time", "json"]).optional().meta({ description: "The type it is read as." }),
  format: z
    .enum(["iso", "epoch-seconds", "epoch-millis", "epoch-micros"])
    .optional()
    .meta({ description: "How a time is written; AWSTimestamp is epoch-seconds." }),
  zone: name
    .refine(isTimeZone, "must be a time zone such as America/Chicago, UTC or +02:00")
    .optional()
    .meta({ description: "Zone of times that name none. UTC without it." }),
  case: z.enum(["lower", "upper"]).optional().meta({ description: "Letters are compared in this case." }),
  values: z.record(z.string(), scalar.nullable()).optional().meta({
    description: "A table of values: what this side has, and what it means. Others stay as they are.",
  }),
  add: z.number().optional().meta({ description: "Added to a number." }),
  multiply: z.number().optional().meta({ description: "Then multiplied with it." }),
  default: z.json().optional().meta({ description: "In place of null." }),
};

const Conversion = z.strictObject(conversion);
export type Conversion = z.output<typeof Conversion>;

const Reading = z.union(
  [path, z.strictObject({ path: path.optional(), ...conversion })],
  "must be a path, or an object with a path and how the value is read",
);

const Tolerance = z
  .union([z.number().nonnegative(), z.string()])
  .refine(
    (given) => typeof given === "number" || spanMs(given) !== undefined || /^\d+(\.\d+)?%$/.test(given),
    `must be a number, a percentage such as 1%, or ${SPAN_FORM}`,
  )
  .meta({ description: "How far numbers (0.5, 1%) or times (1s) may be apart." });

const leaf = {
  old: Reading.optional().meta({ description: "Where the old side has it. Without it, the field's own name." }),
  new: Reading.optional().meta({ description: "Where the new side has it. Without it, the field's own name." }),
  ...conversion,
  tolerance: Tolerance.optional(),
  order: z.literal("any").optional().meta({ description: "A list of texts or numbers whose order does not matter." }),
  personal: z.boolean().optional().meta({ description: "Its values are compared, and shown and stored nowhere." }),
};

const key = z.union([name, z.array(name).min(1)]).meta({
  description: "Of a list: the field, or fields, by which an item of one side finds its counterpart.",
});

export type FieldSpec = z.output<z.ZodObject<typeof leaf>> & {
  readonly key?: string | readonly string[] | undefined;
  readonly fields?: Fields | undefined;
};
export type Fields = Readonly<Record<string, FieldSpec | null>>;

const FIELD_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const Field: z.ZodType<FieldSpec> = z.lazy(() =>
  z.strictObject({ ...leaf, key: key.optional(), fields: FieldMap.optional() }),
);
const FieldMap: z.ZodType<Fields> = z.record(
  z.string().regex(FIELD_NAME, "must be a name such as dealer.name"),
  Field.nullable(),
);

const Text = z.union([name, z.strictObject({ file: name })], "must be GraphQL, or { file: path }");
const Variables = z.record(name, z.json()).meta({ description: 'Variables. "{id}" in a text is the item\'s id.' });

const Pages = z
  .strictObject({
    items: path.meta({ description: "The list, from the top of `data`." }),
    next: path.meta({ description: "What the next page is asked by: nextToken, or endCursor." }),
    more: path
      .optional()
      .meta({ description: "Whether there is a next page: hasNextPage. Without it, while `next` is not null." }),
    variable: name.meta({ description: "The variable that takes it." }),
    most: whole(1, 1_000_000).optional().meta({
      description: "More pages than these are an error: 50 in a document, 10,000 in a list of items.",
    }),
  })
  .meta({ description: "A list in the answer that is read to its end before anything is compared." });

const request = {
  document: Text.optional(),
  variables: Variables.optional(),
  root: path.optional().meta({ description: "The part of `data` that is compared: getDevice." }),
  pages: Pages.optional(),
};

const Document = z.strictObject({
  items: name.meta({ description: "The items that it is asked for, by their name under `items`." }),
  ...request,
  old: z.strictObject(request).optional(),
  new: z.strictObject(request).optional(),
  fields: FieldMap.optional(),
});

const ListedItems = z.strictObject({
  from: z.enum(["old", "new"]).meta({ description: "The side whose list is read." }),
  document: Text,
  variables: Variables.default({}),
  pages: Pages,
  values: z
    .record(name, Reading)
    .refine((values) => "id" in values, "needs id")
    .meta({ description: "What an item has, by paths below it: `id`, and what else variables need." }),
  sample: whole(1, 1_000_000).optional().meta({ description: "How many are taken, by the seed. All without it." }),
});

const Items = z.union(
  [
    z.array(z.union([name, z.record(name, name).refine((values) => "id" in values, "needs id")])).min(1),
    z.strictObject({ file: name, sample: whole(1, 1_000_000).optional() }),
    ListedItems,
  ],
  "must be a list of ids, { file: path }, or { from, document, pages, values }",
);

const Ignore = z.strictObject({
  field: z.string().min(1).meta({ description: "document.field as the report has it; * stands for any part." }),
  ids: z.array(name).min(1).optional().meta({ description: "Only for these ids." }),
  reason: z.string().min(8, "must say why, for whoever reads the report").meta({ description: "Why it may differ." }),
  until: z.iso
    .date("must be a day such as 2026-12-31")
    .meta({ description: "The last day on which it counts, in UTC." }),
});

/** The file of `concord parity`. */
export const Settings = z
  .strictObject({
    $schema: z.string().optional(),
    old: Side.prefault({}),
    new: Side.prefault({}),
    seed: z.int().default(1).meta({ description: "Which items are sampled. The same seed takes the same ones." }),
    control: whole(0, 10_000).default(25).meta({
      description:
        "How many items of each document the old side is asked for twice, to find what it answers at random.",
    }),
    askAgain: z
      .strictObject({ times: whole(0, 100).default(2), after: span.prefault("5s") })
      .prefault({})
      .meta({ description: "How often, and after which time, items that differ are asked for again." }),
    every: span.prefault("60s").meta({ description: "With --until-clean: the pause between two rounds." }),
    items: z.record(name, Items).refine((items) => Object.keys(items).length > 0, "needs at least one group of items"),
    documents: z
      .record(z.string().regex(/^[\w-]+$/, "must be a name of letters, digits, _ and -"), Document)
      .refine((documents) => Object.keys(documents).length > 0, "needs at least one document"),
    ignore: z.array(Ignore).default([]),
  })
  .meta({ title: "What `concord parity` compares" });

/** For editors, which complete and check the file by it. */
export const settingsJsonSchema = () => z.toJSONSchema(Settings, { io: "input", target: "draft-7" });

export type Settings = z.output<typeof Settings>;
export type DocumentSpec = z.output<typeof Document>;
export type ItemsSpec = z.output<typeof Items>;
export type ListedItems = z.output<typeof ListedItems>;
export type PagesSpec = z.output<typeof Pages>;
export type SideSpec = z.output<typeof Side>;
export type HeaderSpec = z.output<typeof Header>;
export type IgnoreSpec = z.output<typeof Ignore>;
export type ReadingSpec = z.output<typeof Reading>;
export type ToleranceSpec = z.output<typeof Tolerance>;
export type TextSpec = z.output<typeof Text>;
