import { type Rate, takeTurns } from "./measure.ts";
import { bodyOf, deviceNames, post, produce, produceStream, report } from "./records.ts";
import { startBenchWorker, startOurs } from "./stacks.ts";

export type IngestFigures = Readonly<
  Record<
    | "parse100"
    | "send100"
    | "limited100"
    | "ours100"
    | "streamFloor100"
    | "stream100"
    | "parse1"
    | "send1"
    | "limited1"
    | "ours1",
    Rate
  >
>;

/** The time that a client waits: records are parsed, validated and sent to the queue. The queue has no consumer. */
export async function benchIngest(say: (line: string) => void): Promise<IngestFigures> {
  const [floors, ours] = [await startBenchWorker("floors"), await startOurs({ isConsumed: false })];
  try {
    const hundred = deviceNames(100).map((name, i) => report(name, i));
    const [one] = hundred as [(typeof hundred)[number]];
    const [all, single] = [bodyOf(hundred), bodyOf([one])];
    const to = (path: string) => new URL(path, floors.url);
    say("ingest: requests of a hundred records, against parsing and sending alone");
    const large = await takeTurns({
      parse100: () => post(to("/parse"), all),
      send100: () => post(to("/send"), all),
      limited100: () => post(to("/limited"), all),
      ours100: () => produce(ours.url, hundred),
      streamFloor100: () => post(to("/stream"), hundred.map((record) => JSON.stringify(record)).join("\n")),
      stream100: () => produceStream(ours.url, hundred),
    });
    say("ingest: requests of one record");
    const small = await takeTurns({
      parse1: () => post(to("/parse"), single),
      send1: () => post(to("/send"), single),
      limited1: () => post(to("/limited"), single),
      ours1: () => produce(ours.url, [one]),
    });
    return { ...large, ...small };
  } finally {
    await Promise.all([floors.stop(), ours.stop()]);
  }
}
