import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { exampleValue } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { LIMITS } from "#queue/limits.ts";
import { chooseEventReader } from "./cloud-events.ts";
import { openApiDocument } from "./openapi.ts";
import * as metadata from "./rest-proxy/metadata.ts";
import { produceResponse, readProduce } from "./rest-proxy/v2.ts";
import { batchAnswer, readBatch, readRecord, toV3Receipt } from "./rest-proxy/v3.ts";
import { SinkTally } from "./sinks.ts";

const document = openApiDocument("https://concord.example");

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document) as object);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("names each operation once, and has no dangling reference", () => {
    const text = JSON.stringify(document);
    const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const schemas = new Set(Object.keys(document.components.schemas));
    for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) expect(schemas).toContain(name);
  });
});

/** Whether the document's schema of that name lets a value pass. */
function allows(name: string, value: unknown): boolean {
  const text = JSON.stringify(document.components.schemas).replaceAll("#/components/schemas/", "#/$defs/");
  const $defs = JSON.parse(text);
  return z.fromJSONSchema({ $ref: `#/$defs/${name}`, $defs }).safeParse(value).success;
}

function passes(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

const [contract] = CONTRACTS;
const TOPIC = contract?.topic as string;
const value = contract && exampleValue(contract);
const header = { key: "h", value: "AA==" };

describe("what the document says may be sent is what is read:", () => {
  it.each([
    [{ value }],
    [{ key: 7, value: null, partition: 3, timestamp: 5, headers: [header] }],
    [{ value, partition: null, timestamp: null, headers: null }],
    [{ value, timestamp: -1 }],
    [{ value, partition: 1.5 }],
    [{ value, offset: 1 }],
    [{ value, headers: [{ key: "h" }, { key: "h", value: null }] }],
    [{ value, headers: [{ ...header, more: 1 }] }],
    [{ value, headers: [{ value: "AA==" }] }],
    [{ value, headers: Array(LIMITS.headersPerRecord + 1).fill(header) }],
    [{ value, headers: Array(LIMITS.keptHeaders + 1).fill(header) }],
  ])("v2 record %#", (record) => {
    for (const body of [
      { records: [record] },
      { records: [record], key_schema_id: 1, value_schema: null },
      { records: [record], more: 1 },
      { records: [] },
    ]) {
      const isRead = passes(() => readProduce(TOPIC, JSON.stringify(body), "json"));
      expect(allows("ProduceRequest", body), JSON.stringify(body).slice(0, 200)).toBe(isRead);
    }
  });

  const part = { type: "JSON", data: value };
  it.each([
    [{ value: part }],
    [{ partition_id: 2, key: { type: "STRING", data: "k" }, value: { type: "BINARY", data: "AA==" }, headers: null }],
    [{ value: part, timestamp: "2026-11-23T13:00:00.123Z", headers: [{ name: "h", value: null }], original_size: 5 }],
    [{ value: null, key: null, partition_id: null, timestamp: null }],
    [{ value: part, partition_id: 64 }],
    [{ value: part, timestamp: "yesterday" }],
    [{ value: { ...part, more: 1 } }],
    [{ value: part, more: 1 }],
    [{ value: part, headers: [{ value: "AA==" }] }],
    [{ value: part, headers: [{ name: "h", more: 1 }] }],
    [{ value: part, headers: Array(LIMITS.keptHeaders + 1).fill({ name: "h" }) }],
  ])("v3 record %#", (record) => {
    const text = JSON.stringify(record);
    expect(allows("V3Record", record), text.slice(0, 200)).toBe(readRecord(TOPIC, text).entry.kind === "record");
    for (const entries of [[{ id: "1", ...record }], [{ id: "a b", ...record }], [record], []]) {
      const body = { entries };
      // One that cannot be read is answered by itself.
      const isRead = passes(() => {
        const [entry] = readBatch(TOPIC, JSON.stringify(body));
        if (entry?.record.entry.kind !== "record") throw new Error("refused");
      });
      expect(allows("BatchRequest", body), JSON.stringify(body).slice(0, 200)).toBe(isRead);
    }
  });
});

describe("a CloudEvent that the document allows is one that is read:", () => {
  const event = { specversion: "1.0", id: "1", source: "/", type: "t", data: {} };
  const { data: _, ...bare } = event;
  it.each([
    [event],
    [
      {
        ...event,
        time: "2026-11-01T08:00:00Z",
        subject: "t-1",
        partitionkey: "k",
        datacontenttype: "application/json",
      },
    ],
    [{ ...event, time: null }],
    [{ ...bare, data_base64: btoa("{}") }],
    [{ ...bare, data_base64: "*" }],
    [bare],
    [{ ...event, data: [] }],
    [{ ...event, id: "" }],
    [{ ...event, id: 1 }],
    [{ ...event, source: undefined }],
    [{ ...event, specversion: "0.3" }],
    [{ ...event, subject: {} }],
  ])("%j", (sent) => {
    const reader = chooseEventReader(new Headers({ "Content-Type": "application/cloudevents+json" }));
    const isRead = reader?.read(JSON.stringify(sent)).rejection === undefined;
    expect(allows("CloudEvent", JSON.parse(JSON.stringify(sent)))).toBe(isRead);
  });
});

it("responses match the document", () => {
  const receipts = [
    { kind: "accepted" } as const,
    { kind: "refused", code: 42207, message: "no" } as const,
    { kind: "deadLettered", rejection: { reason: "empty_value" } } as const,
  ];
  const record = readRecord(TOPIC, JSON.stringify({ value: { type: "JSON", data: value } }));
  const where = { topic: TOPIC, clusterId: "concord", nowMs: 1, index: 0 };
  const v3 = receipts.map((receipt) => toV3Receipt(record, receipt, where));
  const produce = readProduce(TOPIC, JSON.stringify({ records: Array(3).fill({ value }) }), "json");
  const tally = new SinkTally();
  tally.add(receipts);
  const answers: [string, unknown][] = [
    ["ProduceResponse", produceResponse(produce, receipts, 1)],
    ...v3.map((receipt): [string, unknown] => ["V3Receipt", receipt]),
    ["BatchAnswer", batchAnswer(["1", "2", "3"], v3)],
    ["SinkAnswer", tally.toAnswer()],
    ["Brokers", metadata.brokers()],
    ["Topic", metadata.topic(TOPIC)],
    ["Partition", metadata.findPartition(TOPIC, "3")],
    ["V3List", metadata.clusterList("https://concord.example/v3")],
    ["V3List", metadata.topicList("https://concord.example/v3")],
    ["V3Resource", metadata.v3Topic("https://concord.example/v3", TOPIC)],
  ];
  for (const [name, answer] of answers) expect(allows(name, answer), `${name} ${JSON.stringify(answer)}`).toBe(true);
  expect(allows("ProduceResponse", { offsets: [{}], key_schema_id: null, value_schema_id: null })).toBe(false);
});
