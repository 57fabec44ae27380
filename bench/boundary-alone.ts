import { gzipSync } from "node:zlib";
import { encode } from "../bridge/delivery/encode.ts";
import { post, report, TOPIC } from "./records.ts";

/**
 * The bridge's requests without the bridge: written and compressed before the first is sent, so that only the boundary
 * takes time. In a process of its own, as the bridge is.
 */
const [url = "", count = "0", recordsARequest = "1", requestsAtATime = "1"] = process.argv.slice(2);

const bodies: Uint8Array<ArrayBuffer>[] = [];
for (let from = 0; from < Number(count); from += Number(recordsARequest)) {
  const entries = Array.from({ length: Math.min(Number(recordsARequest), Number(count) - from) }, (_, i) => {
    const { key, value } = report(`bench-${(from + i) % 1_000}`, Math.floor((from + i) / 1_000));
    const [topic, timestampMs, headers] = [TOPIC, Date.now(), []];
    const bytes = { key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)) };
    return encode({ topic, partition: i % 4, offset: from + i, timestampMs, headers, ...bytes }).text;
  });
  bodies.push(Uint8Array.from(gzipSync(`{"records":[${entries.join()}]}`, { level: 1 })));
}

const headers = {
  Authorization: `Basic ${btoa("dev:dev")}`,
  "Content-Type": "application/vnd.kafka.binary.v2+json",
  "Content-Encoding": "gzip",
};
const sendNext = async (): Promise<void> => {
  for (let body = bodies.pop(); body; body = bodies.pop()) await post(`${url}/topics/${TOPIC}`, body, headers);
};
await Promise.all(Array.from({ length: Number(requestsAtATime) }, sendNext));
