import { parseJson } from "#json/parse-json.ts";
import type { Listener } from "../events.ts";
import type { KafkaRecord } from "../kafka-record.ts";
import type { Decode } from "../session.ts";
import type { RegistrySettings } from "../source-settings.ts";
import { registry } from "./registry.ts";
import { type Schema, Schemas } from "./schemas.ts";
import { type Framed, readFrame } from "./wire-format.ts";

/** Schemas that are fetched at the same time. */
const FETCHES = 4;

/**
 * Replaces keys and values in the registry's wire format by their JSON, and a key that is a string by its text.
 * Everything else travels as it is: so does what no schema can read, of which the boundary makes dead letters.
 * The promise waits for a registry that is away, and is rejected when the signal is aborted.
 */
export function registryDecoder(settings: RegistrySettings, emit: Listener): Decode {
  const schemas = new Schemas({ ask: registry(settings), emit, now: () => performance.now(), random: Math.random });
  return async (records, signal) => {
    const ids = new Set(records.flatMap(({ key, value }) => [frameOf(key), frameOf(value)].flatMap(idOf)));
    if (ids.size === 0) return records;
    const known = await findAll(schemas, [...ids], signal);
    return records.map((record) => decodeRecord(record, known, emit));
  };
}

const frameOf = (bytes: Uint8Array | null): Framed | undefined => (bytes ? readFrame(bytes) : undefined);
const idOf = (frame: Framed | undefined): readonly number[] => (frame ? [frame.schemaId] : []);

async function findAll(schemas: Schemas, ids: number[], signal: AbortSignal): Promise<ReadonlyMap<number, Schema>> {
  const known = new Map<number, Schema>();
  const fetchNext = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) known.set(id, await schemas.find(id, signal));
  };
  await Promise.all(Array.from({ length: FETCHES }, fetchNext));
  return known;
}

function decodeRecord(record: KafkaRecord, known: ReadonlyMap<number, Schema>, emit: Listener): KafkaRecord {
  const { topic, partition, offset } = record;
  const decodePart = (part: "key" | "value"): Uint8Array | null => {
    const bytes = record[part];
    const frame = frameOf(bytes);
    if (!frame) return bytes;
    const schema = known.get(frame.schemaId) as Schema;
    const read = readWith(schema, frame.payload, part);
    if (read.kind === "read") return read.bytes;
    const at = { topic, partition, offset };
    emit({ kind: "undecodable", at, part, schemaId: frame.schemaId, message: read.message });
    return bytes;
  };
  return { ...record, key: decodePart("key"), value: decodePart("value") };
}

type Result =
  | { readonly kind: "read"; readonly bytes: Uint8Array }
  | { readonly kind: "unread"; readonly message: string };

function readWith(schema: Schema, payload: Buffer, part: "key" | "value"): Result {
  if (schema.kind !== "readable") return { kind: "unread", message: schema.message };
  try {
    const value = schema.read(payload);
    const json = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
    return { kind: "read", bytes: part === "key" ? keyOf(json) : json };
  } catch (error) {
    return { kind: "unread", message: `its schema does not fit: ${(error as Error).message}` };
  }
}

/** The boundary's keys are text, and the quotes of a string would be a part of it. */
function keyOf(json: Uint8Array): Uint8Array {
  const key = parseJson(Buffer.from(json).toString());
  return typeof key === "string" ? Buffer.from(key) : json;
}
