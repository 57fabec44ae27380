import { FakeSource } from "../../bridge/fake-source.ts";
import type { KafkaRecord } from "../../bridge/kafka-record.ts";
import { parseInput } from "../../cli/command/parse.ts";
import { bridgeCommand } from "../../cli/commands/bridge.ts";
import { exitOf, stackOf } from "../../cli/exit-error.ts";
import { processTerminal } from "../../cli/terminal/terminal.ts";

/** `concord bridge` as a process, with partitions in memory: FAKE_RECORDS of them on the topic FAKE_TOPIC. */
const { FAKE_RECORDS = "0", FAKE_TOPIC = "device.elt.status.reported" } = process.env;

const source = new FakeSource();
for (let offset = 0; offset < Number(FAKE_RECORDS); offset++) source.add(recordAt(offset));

const parts = {
  openSource: async () => source,
  openDecoder: async () => async (records: readonly KafkaRecord[]) => records,
};
const command = bridgeCommand(parts);
try {
  await command.run(parseInput(command, process.argv.slice(2), "concord bridge"), processTerminal());
} catch (error) {
  const { code, message } = exitOf(error as Error);
  console.error(message ?? stackOf(error as Error));
  process.exitCode = code;
}
console.error(`committed ${JSON.stringify([...source.committed])}`);

function recordAt(offset: number): KafkaRecord {
  const value = Buffer.from(`{"n":${offset}}`);
  return {
    topic: FAKE_TOPIC,
    partition: offset % 2,
    offset: Math.floor(offset / 2),
    timestampMs: 0,
    key: null,
    headers: [],
    value,
  };
}
