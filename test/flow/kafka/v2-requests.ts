import { expect } from "vitest";
import { BINARY_V2, base64, eventText, JSON_V2, type KafkaRequest, T } from "../../support/rest-proxy.ts";
import { number } from "./case.ts";

export const produce = (type: string, records: readonly string[], to = `/topics/${T}`): KafkaRequest => ({
  path: to,
  type,
  body: `{"records":[${records.join()}]}`,
});
export const json = (records: readonly string[], to?: string) => produce(JSON_V2, records, to);
export const binary = (records: readonly string[], to?: string) => produce(BINARY_V2, records, to);
export const body = (text: string, type = JSON_V2): KafkaRequest => ({ path: `/topics/${T}`, type, body: text });
export const as = (request: KafkaRequest, headers: Record<string, string>): KafkaRequest => ({ ...request, headers });

/** A record with a value that keeps its contract, and the members given. */
export const good = (members = ""): string => `{${members && `${members},`}"value":${eventText()}}`;
export const goodBinary = (members = ""): string => `{${members && `${members},`}"value":"${base64(eventText())}"}`;
export const tombstone = (deviceId: string, members = ""): string =>
  `{${members && `${members},`}"key":"${base64(deviceId)}","value":null}`;
export const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

export const taken = (partition = 0) => ({ partition, offset: number, error_code: null, error: null });
export const failed = (error_code: number, error: unknown = expect.any(String)) => ({
  partition: null,
  offset: null,
  error_code,
  error,
});
export const kept = expect.stringMatching(/kept as a dead letter/);
export const produced = (...offsets: unknown[]) => ({ offsets, key_schema_id: null, value_schema_id: null });
export const counts = (accepted: number, deadLettered: number) => ({
  "X-Concord-Accepted": String(accepted),
  "X-Concord-Dead-Lettered": String(deadLettered),
});
