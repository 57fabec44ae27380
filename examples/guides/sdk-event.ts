import { buildRecord, toKafkaMessage } from "concord-sdk/contracts";

export const record = buildRecord("device.ecobee.status.reported", {
  deviceId: "t-1",
  occurredAt: "2026-11-23T12:00:00Z",
  data: { online: true, indoorTemperatureC: 20.5 },
});
// For kafkajs: producer.send({ topic: record.topic, messages: [message] })
export const message = toKafkaMessage(record);
