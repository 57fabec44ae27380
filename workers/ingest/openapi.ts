import { LANE_HEADER } from "#queue/lane.ts";
import { PARTITIONS } from "#queue/limits.ts";
import { ref, schemaComponents } from "./openapi-schemas.ts";
import { CLUSTER_ID } from "./rest-proxy/v3.ts";

/** The HTTP boundary as OpenAPI 3.1. @param origin such as `https://concord.example` */
export const openApiDocument = (origin: string) => ({
  openapi: "3.1.0",
  info: {
    title: "Concord ingest",
    version: "1.0.0",
    description: [
      "What a client of the Confluent REST Proxy, an HTTP sink or a bridge may send.",
      "A 2xx says that every record it speaks for is in a queue; what happened to each record stands in the body.",
      "A record that its contract refuses is kept as a dead letter and does not fail the request.",
      "Records may be sent again at any time: each is idempotent by its event id.",
      "What the records of each topic look like is in /contracts and /contracts/asyncapi.json.",
    ].join(" "),
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: origin }],
  security: [{ basic: [] }, { bearer: [] }],
  tags: [{ name: "v2" }, { name: "v3" }, { name: "sinks" }, { name: "contracts" }],
  paths: {
    "/topics": { get: read("v2", "listTopics", "Names of the topics that have contracts", list({ type: "string" })) },
    "/topics/{topic}": {
      parameters: [TOPIC],
      get: read("v2", "getTopic", "A topic", ref("Topic")),
      post: produceV2("produce", "Produce records to a topic"),
    },
    "/topics/{topic}/partitions": {
      parameters: [TOPIC],
      get: read("v2", "listPartitions", "A topic's partitions", list(ref("Partition"))),
    },
    "/topics/{topic}/partitions/{partition}": {
      parameters: [TOPIC, PARTITION],
      get: read("v2", "getPartition", "A partition", ref("Partition")),
      post: produceV2("produceToPartition", "Produce records to a partition, which the answer names back"),
    },
    "/brokers": {
      get: read("v2", "listBrokers", "The brokers: one", ref("Brokers")),
    },
    "/v3/clusters": { get: read("v3", "listClusters", "The clusters: one", ref("V3List")) },
    "/v3/clusters/{cluster_id}": {
      parameters: [CLUSTER],
      get: read("v3", "getCluster", "A cluster", ref("V3Resource")),
    },
    "/v3/clusters/{cluster_id}/topics": {
      parameters: [CLUSTER],
      get: read("v3", "listV3Topics", "The topics that have contracts", ref("V3List")),
    },
    "/v3/clusters/{cluster_id}/topics/{topic}": {
      parameters: [CLUSTER, TOPIC],
      get: read("v3", "getV3Topic", "A topic", ref("V3Resource")),
    },
    "/v3/clusters/{cluster_id}/topics/{topic}/records": {
      parameters: [CLUSTER, TOPIC],
      post: {
        tags: ["v3"],
        operationId: "streamRecords",
        summary: "Produce records as a stream",
        description:
          "JSON objects one after the other, over one request that may stay open; a receipt each comes back in order, as soon as the record is in a queue, each followed by CRLF. Also under /kafka/v3.",
        parameters: [LANE],
        requestBody: body({ "application/json": ref("V3Record") }),
        responses: {
          200: { description: "The stream is open", content: { "application/json": { schema: ref("V3Receipt") } } },
          ...refusals(400, 401, 403, 404, 415, 422, 429, 503),
        },
      },
    },
    "/v3/clusters/{cluster_id}/topics/{topic}/records:batch": {
      parameters: [CLUSTER, TOPIC],
      post: {
        tags: ["v3"],
        operationId: "produceBatch",
        summary: "Produce records as one batch",
        parameters: [LANE],
        requestBody: body({ "application/json": ref("BatchRequest") }),
        responses: {
          207: {
            description: "What happened to each record",
            content: { "application/json": { schema: ref("BatchAnswer") } },
          },
          ...refusals(400, 401, 403, 404, 413, 415, 422, 429, 503),
        },
      },
    },
    "/ingest/{topic}": {
      parameters: [TOPIC],
      post: {
        tags: ["sinks"],
        operationId: "ingest",
        summary: "Take what a sink sends: one JSON object, an array, one a line, or CloudEvents",
        parameters: [
          STRICT,
          LANE,
          header("Idempotency-Key", "Told back. Records are idempotent by their event id, with or without it.", {
            maxLength: 255,
          }),
          header("X-Kafka-Partition", "Where Kafka had the record, when the body is one record"),
          header("X-Kafka-Offset", "Likewise"),
          header("X-Kafka-Timestamp", "Likewise, in milliseconds since 1970"),
          header("X-Kafka-Key", "Likewise"),
          header(
            "ce-specversion",
            '"1.0", when the body is the data of one CloudEvent; ce-id, ce-source and ce-type come with it',
          ),
        ],
        requestBody: body({
          "application/json": { oneOf: [{ type: "object" }, list({ type: "object" })] },
          "application/x-ndjson": { type: "string" },
          "application/cloudevents+json": ref("CloudEvent"),
          "application/cloudevents-batch+json": list(ref("CloudEvent")),
        }),
        responses: {
          200: {
            description: "What happened to the records",
            content: { "application/json": { schema: ref("SinkAnswer") } },
          },
          ...refusals(400, 401, 403, 404, 413, 415, 422, 429, 503),
        },
      },
    },
    "/contracts": {
      get: { ...read("contracts", "listContracts", "Every topic's contract", list({ type: "object" })), security: [] },
    },
    "/contracts/asyncapi.json": {
      get: { ...read("contracts", "getAsyncApi", "The same as AsyncAPI 3", { type: "object" }), security: [] },
    },
  },
  components: {
    securitySchemes: {
      basic: { type: "http", scheme: "basic", description: "A client's id and secret" },
      bearer: { type: "http", scheme: "bearer", description: "`id.secret`, or a JWT with a `produce:…` scope" },
    },
    schemas: schemaComponents(),
  },
});

const JSON_V2 = "application/vnd.kafka.v2+json";

const TOPIC = path("topic", "device.{sourceType}.{entity}.{action}, in lower case");
const PARTITION = path("partition", `0 to ${PARTITIONS - 1}`);
const CLUSTER = path("cluster_id", `Ours is ${CLUSTER_ID}; a producer may name any`);
const LANE = header(LANE_HEADER, "backfill: for old records, through a queue for which live ones do not wait", {
  enum: ["backfill"],
});
const STRICT = query("strict", "1: all records or none; 422 when one would be a dead letter");

function produceV2(operationId: string, summary: string) {
  const produce = ref("ProduceRequest");
  return {
    tags: ["v2"],
    operationId,
    summary,
    parameters: [STRICT, LANE, query("async", "true: 204 without a body once the queue has the records")],
    requestBody: body({
      "application/vnd.kafka.json.v2+json": produce,
      "application/vnd.kafka.binary.v2+json": produce,
      "application/vnd.kafka.jsonschema.v2+json": produce,
      "application/json": produce,
    }),
    responses: {
      200: {
        description: "One entry a record, in the request's order",
        headers: { "X-Concord-Accepted": COUNT, "X-Concord-Dead-Lettered": COUNT },
        content: { [JSON_V2]: { schema: ref("ProduceResponse") } },
      },
      204: { description: "In the queue (async)" },
      ...refusals(400, 401, 403, 404, 406, 413, 415, 422, 429, 503),
    },
  };
}

const COUNT = { schema: { type: "integer" } };

function read(tag: string, operationId: string, summary: string, schema: object) {
  const errors = tag === "contracts" ? {} : refusals(401, 404);
  return {
    tags: [tag],
    operationId,
    summary,
    responses: {
      200: { description: summary, content: { [tag === "v2" ? JSON_V2 : "application/json"]: { schema } } },
      ...errors,
    },
  };
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: "The request cannot be read; nothing was accepted",
  401: "No credentials, or not ours",
  403: "These credentials may not write this topic",
  404: "No such topic, partition or cluster",
  406: "The client takes none of the types we answer in",
  413: "Too large; nothing was accepted",
  415: "A type or an encoding that is not read",
  422: "The request holds nothing, or what it holds is refused as a whole; nothing was accepted",
  429: "Too often; nothing was accepted. Retry-After says when to come back",
  503: "The queue is full or out of reach; nothing was accepted. Retry-After says when to come back",
};

function refusals(...statuses: number[]) {
  const content = { "application/json": { schema: ref("Error") } };
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: REFUSALS[status],
        ...((status === 429 || status === 503) && { headers: { "Retry-After": { schema: { type: "integer" } } } }),
        content,
      },
    ]),
  );
}

function list(items: object) {
  return { type: "array", items };
}

function body(types: Record<string, object>) {
  return {
    required: true,
    content: Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }])),
  };
}

function path(name: string, description: string) {
  return { name, in: "path", required: true, description, schema: { type: "string" } };
}

function query(name: string, description: string) {
  return { name, in: "query", description, schema: { type: "string" } };
}

function header(name: string, description: string, limits: object = {}) {
  return { name, in: "header", description, schema: { type: "string", ...limits } };
}
