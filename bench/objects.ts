import { type Rate, takeTurns } from "./measure.ts";
import { startBenchWorker, startOurs } from "./stacks.ts";

export type ObjectFigures = Readonly<Record<"ping" | "snapshot" | "write" | "merge", Rate>>;

/**
 * A device's object, against one that does nothing or stores one value. Both are called directly, without a Worker in
 * front.
 */
export async function benchObjects(say: (line: string) => void): Promise<ObjectFigures> {
  const [floors, ours] = [await startBenchWorker("floors"), await startOurs()];
  try {
    say("objects: a device read and written, against a ping and one value stored");
    return await takeTurns({
      ping: () => floors.ask("/object/ping?id=bench-0"),
      snapshot: (call) => ours.askObject("snapshot", call),
      write: (call) => floors.ask(`/object/write?id=bench-0&value=${call}`),
      merge: (call) => ours.askObject("merge", call),
    });
  } finally {
    await Promise.all([floors.stop(), ours.stop()]);
  }
}
