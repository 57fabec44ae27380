import { toBase64 } from "#base/base64.ts";
import type { BuiltRecord } from "#contracts/produce.ts";
import { deviceIdOf, sourceOf } from "#domain/event.ts";
import { toMoment } from "#domain/time.ts";
import { formatOccurredAt } from "#domain/version.ts";

/*
 * A built record in the forms in which producers send it. The value's text goes into each as it is: nothing is parsed
 * and written anew, so what was validated is what arrives.
 */

type Sendable = Pick<BuiltRecord, "topic" | "key" | "value" | "headers" | "timestampMs" | "event">;

/**
 * A message for Kafka clients with kafkajs' interface, which Confluent's has too. Text is sent as UTF-8.
 *
 * `producer.send({ topic: record.topic, messages: [toKafkaMessage(record)] })`
 */
export const toKafkaMessage = ({ key, value, headers, timestampMs }: Sendable) => ({
  key,
  value,
  headers: { ...headers },
  /** Milliseconds since 1970 UTC, as text. */
  timestamp: String(timestampMs),
});

/**
 * A message for `@platformatic/kafka`, whose producer needs `stringSerializers`.
 *
 * `producer.send({ messages: [toPlatformaticMessage(record)] })`
 */
export const toPlatformaticMessage = ({ topic, key, value, headers, timestampMs }: Sendable) => ({
  topic,
  key,
  value,
  headers: { ...headers },
  /** Milliseconds since 1970 UTC. */
  timestamp: BigInt(timestampMs),
});

/** An event of CloudEvents 1.0 in its JSON format; `data` is the record's whole value. */
export type CloudEvent = {
  readonly specversion: "1.0";
  readonly id: string;
  /** `/{source}` */
  readonly source: string;
  /** The topic. */
  readonly type: string;
  /** RFC 3339 */
  readonly time: string;
  /** The device's id. */
  readonly subject: string;
  readonly datacontenttype: "application/json";
  readonly data: unknown;
  /** The record's key: CloudEvents, extension "partitioning". */
  readonly partitionkey: string;
  /** CloudEvents, extension "distributed tracing". */
  readonly traceparent?: string;
};

/** The record as a CloudEvent, for `POST /ingest/{topic}` or a broker that carries such. */
export function toCloudEvent({ topic, key, value, headers, event }: Sendable): CloudEvent {
  const { traceparent } = headers;
  return {
    specversion: "1.0",
    id: event.eventId,
    source: `/${sourceOf(event.deviceKey)}`,
    type: topic,
    time: formatOccurredAt(event.version),
    subject: deviceIdOf(event.deviceKey),
    datacontenttype: "application/json",
    data: JSON.parse(value),
    partitionkey: key,
    ...(traceparent !== undefined && { traceparent }),
  };
}

/** Of a request to `POST /topics/{topic}` of Confluent's REST Proxy, version 2. */
export const REST_V2_CONTENT_TYPE = "application/vnd.kafka.json.v2+json";

/** The body of a request to `POST /topics/{topic}`, of content type `REST_V2_CONTENT_TYPE`. @param records of one topic */
export const toRestV2Body = (records: readonly Sendable[]): string =>
  `{"records":[${records.map(toRestV2Entry).join()}]}`;

/** One of `records` in the body of a REST Proxy's produce request, version 2, format JSON. */
export function toRestV2Entry({ key, value, headers, timestampMs }: Sendable): string {
  const about = { timestamp: timestampMs, headers: base64Headers(headers, "key") };
  return `{"key":${JSON.stringify(key)},"value":${value},${JSON.stringify(about).slice(1)}`;
}

/**
 * The body of a request to `POST /v3/clusters/{cluster}/topics/{topic}/records`, of content type `application/json`: one
 * object after another. A record of a proxy's version 3 has its time with milliseconds.
 */
export const toRestV3Body = (records: readonly Sendable[]): string => records.map(toRestV3Record).join("\n");

function toRestV3Record({ key, value, headers, timestampMs }: Sendable): string {
  const about = {
    key: { type: "STRING", data: key },
    headers: base64Headers(headers, "name"),
    timestamp: toMoment(timestampMs),
  };
  return `{"value":{"type":"JSON","data":${value}},${JSON.stringify(about).slice(1)}`;
}

const base64Headers = (headers: Sendable["headers"], name: "key" | "name") =>
  Object.entries(headers).map(([header, text]) => ({
    [name]: header,
    value: toBase64(new TextEncoder().encode(text)),
  }));
