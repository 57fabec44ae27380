import { Admin, Producer } from "@platformatic/kafka";
import { report } from "./records.ts";

/** Records of one request. */
const BATCH = 2_000;

/** Makes the topic, with reports of a thousand devices in turn, by their keys. */
export async function fillTopic(address: string, topic: string, partitions: number, count: number): Promise<void> {
  const options = { clientId: "concord-bench", bootstrapBrokers: [address] };
  const admin = new Admin(options);
  const producer = new Producer(options);
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
    for (let from = 0; from < count; from += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) =>
        messageOf(topic, from + i, partitions),
      );
      await producer.send({ messages, acks: 1 });
    }
  } finally {
    await Promise.all([admin.close(), producer.close()]);
  }
}

function messageOf(topic: string, number: number, partitions: number) {
  const device = number % 1_000;
  const { key, value } = report(`bench-${device}`, Math.floor(number / 1_000));
  return {
    topic,
    partition: device % partitions,
    key: Buffer.from(key),
    value: Buffer.from(JSON.stringify(value)),
  };
}
