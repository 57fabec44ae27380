import {
  buildRecord,
  Producer,
  safeBuildRecord,
  toCloudEvent,
  toKafkaMessage,
  toPlatformaticMessage,
} from "concord-sdk/contracts";
import { expect, it } from "vitest";

/* The code of docs/producing.md. scripts/guides.test.ts compares the two. */

const record = buildRecord("device.elt.status.reported", {
  deviceId: "ELT45-00917",
  occurredAt: new Date("2026-11-23T13:00:00.123Z"),
  data: { online: true, mode: "cool", indoorTemperatureC: 24.1 },
});

it("builds an event as its contract has it", () => {
  expect(record.topic).toBe("device.elt.status.reported");
  expect(record.key).toBe("ELT45-00917");
  expect(JSON.parse(record.value).data).toEqual({ online: true, mode: "cool", indoorTemperatureC: 24.1 });
});

it("has the issues of an event that its contract does not accept", () => {
  const built = safeBuildRecord("device.elt.status.reported", {
    deviceId: "ELT45-00917",
    occurredAt: "2026-11-23T13:00:00.123Z",
    data: { online: true, humidityPct: 140 },
  });
  if (built.ok) throw new Error("it should not be");
  expect(built.issues).toMatchObject([{ path: "data.humidityPct", code: "too_big" }]);
});

/** Stands for a Kafka client's producer. */
const sends: unknown[] = [];
const producer = { send: async (request: unknown) => void sends.push(request) };

it("is what Kafka clients send", async () => {
  // kafkajs, and Confluent's client with the same interface
  await producer.send({ topic: record.topic, messages: [toKafkaMessage(record)] });
  // @platformatic/kafka, with stringSerializers
  await producer.send({ messages: [toPlatformaticMessage(record)] });
  expect(sends).toMatchObject([
    { topic: record.topic, messages: [{ key: record.key, value: record.value, timestamp: "1795438800123" }] },
    { messages: [{ topic: record.topic, key: record.key, value: record.value, timestamp: 1795438800123n }] },
  ]);
});

it("is a CloudEvent", () => {
  expect(toCloudEvent(record)).toMatchObject({ specversion: "1.0", type: record.topic, subject: "ELT45-00917" });
});

/** Stands for Concord's boundary. */
const fetch = async (): Promise<Response> => Response.json({ offsets: [{ error_code: null, error: null }] });
const credential = "elt:secret";

it("is sent over HTTP, with a result for each record", async () => {
  const concord = new Producer({
    url: "https://concord.example.com",
    authorization: `Basic ${btoa(credential)}`,
    fetch,
  });
  const [sent] = await concord.send([record]);
  expect(sent).toEqual({ kind: "accepted" });
});
