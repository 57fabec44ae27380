import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { nameOf, type TopicPartition } from "../kafka-record.ts";
import { below, type ProxyCalls } from "./calls.ts";

/** From the oldest record that is still there to the next one that will be. */
type LogRange = { readonly earliest: number; readonly latest: number };

const Range = z.object({ beginning_offset: z.int(), end_offset: z.int() });

/** Calls at the same time: a proxy asks the brokers for each of them. */
const SIDE_BY_SIDE = 8;

/** What the proxy says of the logs of partitions. One that it does not answer for is left out. */
export async function logsOf(
  calls: ProxyCalls,
  base: URL,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, LogRange>> {
  const logs = new Map<string, LogRange>();
  const left = [...partitions];
  const ask = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const url = below(base, "topics", next.topic, "partitions", next.partition, "offsets");
      const reply = await calls.call(url, { method: "GET", timeoutMs }).catch(() => undefined);
      const range = reply?.status === 200 ? Range.safeParse(parseJson(reply.text)).data : undefined;
      if (range) logs.set(nameOf(next), { earliest: range.beginning_offset, latest: range.end_offset });
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, ask));
  return logs;
}
