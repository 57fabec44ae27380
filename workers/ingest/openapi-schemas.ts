import * as z from "zod";
import { LIMITS, PARTITIONS } from "#queue/limits.ts";
import { Cut, ENVELOPE, Header, RECORD } from "./rest-proxy/v2.ts";
import { EntryId, Part, ProduceRecord } from "./rest-proxy/v3.ts";

const AnyObject = z.record(z.string(), z.unknown());

/** Requests: what reads them, with what is checked beside. */
const V2Record = z.strictObject({
  key: z.unknown().optional().describe("Text; base64 in the binary format"),
  value: z.unknown().optional().describe("The event; base64 of it in the binary format; null for a tombstone"),
  ...RECORD,
  headers: z.array(Header).nullish(),
  cut: Cut.nullish(),
});
const ProduceRequest = z.strictObject({ records: z.array(V2Record).min(1).max(LIMITS.records), ...ENVELOPE });
const V3BatchEntry = ProduceRecord.extend({ id: EntryId });
const BatchRequest = z.strictObject({ entries: z.array(V3BatchEntry).min(1).max(LIMITS.batchEntries) });

const Offset = z.object({
  partition: z.int().nullable(),
  offset: z.int().nullable().describe("A receipt number, ascending; no position in any log"),
  error_code: z.int().nullable(),
  error: z.string().nullable(),
});
const ProduceResponse = z.object({
  offsets: z.array(Offset),
  key_schema_id: z.int().nullable(),
  value_schema_id: z.int().nullable(),
});

const V3Described = z.object({ type: z.string(), size: z.int().describe("Bytes") });
const V3Receipt = z.object({
  error_code: z.int().describe("200, or why the record was not applied"),
  message: z.string().optional(),
  cluster_id: z.string().optional(),
  topic_name: z.string().optional(),
  partition_id: z.int().optional(),
  offset: z.int().optional(),
  timestamp: z.string().meta({ format: "date-time" }).optional(),
  key: V3Described.optional(),
  value: V3Described.optional(),
});
const BatchAnswer = z.object({ successes: z.array(AnyObject), failures: z.array(AnyObject) });

const V3Resource = z.object({ kind: z.string(), metadata: AnyObject, cluster_id: z.string() });
const V3List = z.object({ kind: z.string(), metadata: AnyObject, data: z.array(V3Resource) });
const Partition = z.object({
  partition: z
    .int()
    .min(0)
    .max(PARTITIONS - 1),
  leader: z.int(),
  replicas: z.array(AnyObject),
});
const Topic = z.object({ name: z.string(), configs: AnyObject, partitions: z.array(Partition) });
const Brokers = z.object({ brokers: z.array(z.int()) });

const SinkError = z.object({ index: z.int(), code: z.int(), reason: z.string(), message: z.string() });
const SinkAnswer = z.object({
  accepted: z.int(),
  deadLettered: z.int(),
  errors: z.array(SinkError),
  errorsLeftOut: z.int().optional(),
});

const attribute = z.string().min(1);
const Attributes = z.looseObject({
  specversion: z.literal("1.0"),
  id: attribute.describe("The record's eventId, unless its data has one"),
  source: attribute,
  type: attribute,
  time: z.string().nullish().describe("Its occurredAt, unless its data has one"),
  subject: z.string().nullish().describe("Its deviceId, unless its data has one"),
  partitionkey: z.string().nullish().describe("Its key"),
});
const CloudEvent = z.union([
  Attributes.extend({ data: AnyObject }),
  Attributes.extend({ data_base64: z.base64().describe("A JSON object, in base64") }),
]);

const NAMED = {
  Error: z.object({ error_code: z.int(), message: z.string() }),
  V2Header: Header,
  V2Record,
  ProduceRequest,
  Offset,
  ProduceResponse,
  V3Part: Part,
  V3Record: ProduceRecord,
  V3BatchEntry,
  BatchRequest,
  V3Described,
  V3Receipt,
  BatchAnswer,
  V3Resource,
  V3List,
  Partition,
  Topic,
  Brokers,
  CloudEvent,
  SinkError,
  SinkAnswer,
};
export type SchemaName = keyof typeof NAMED;

export const ref = (name: SchemaName) => ({ $ref: refOf(name) });

const refOf = (name: string): string => `#/components/schemas/${name}`;

/** The schemas as JSON Schema 2020-12, which is what OpenAPI 3.1 has: each by its name, and the others by reference. */
export function schemaComponents(): Record<SchemaName, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri: refOf });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $id: _, $schema: __, ...schema }]) => [name, schema]),
  ) as Record<SchemaName, object>;
}
