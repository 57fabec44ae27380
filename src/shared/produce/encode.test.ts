import { CloudEvent } from "cloudevents";
import { describe, expect, it } from "vitest";
import { buildRecord } from "#contracts/produce.ts";
import * as encode from "./encode.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const record = buildRecord(
  "device.elt.profile.updated",
  { deviceId: "ELT45-1", occurredAt: "2026-11-23T12:00:00Z", data: { name: 'Küche "2" \u{1F600}' }, traceparent },
  Date.UTC(2026, 10, 23, 13),
);

describe("a record in the form of", () => {
  it("a Kafka client has its value as it was validated", () => {
    const { key, value, headers } = record;
    expect(encode.toKafkaMessage(record)).toEqual({ key, value, headers, timestamp: "1795435200000" });
    expect(encode.toPlatformaticMessage(record)).toMatchObject({
      topic: record.topic,
      value,
      timestamp: 1795435200000n,
    });
  });

  it("a REST proxy's request has its value's text in the body", () => {
    const v2 = encode.toRestV2Body([record, record]);
    expect(v2.split(`"value":${record.value},`)).toHaveLength(3);
    expect(JSON.parse(v2).records[1]).toEqual({
      key: "ELT45-1",
      value: JSON.parse(record.value),
      timestamp: 1795435200000,
      headers: [
        { key: "content-type", value: btoa("application/json") },
        { key: "concord-contract-version", value: btoa("1") },
        { key: "traceparent", value: btoa(traceparent) },
      ],
    });
    const [first] = encode.toRestV3Body([record, record]).split("\n");
    expect(first).toContain(`"data":${record.value}}`);
    expect(JSON.parse(first as string)).toMatchObject({
      key: { type: "STRING", data: "ELT45-1" },
      value: { type: "JSON" },
      headers: [
        { name: "content-type" },
        { name: "concord-contract-version" },
        { name: "traceparent", value: btoa(traceparent) },
      ],
      timestamp: "2026-11-23T12:00:00.000Z",
    });
  });

  it("a CloudEvent is one that CloudEvents' own library accepts", () => {
    const event = new CloudEvent(encode.toCloudEvent(record) as never, true);
    expect(event).toMatchObject({ source: "/elt", type: record.topic, subject: "ELT45-1", partitionkey: "ELT45-1" });
    expect(JSON.stringify(event.data)).toBe(record.value);
  });
});
