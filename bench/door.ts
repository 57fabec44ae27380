import { once } from "node:events";
import { Agent, createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";

/** What passed a door since it was last asked. */
export type Passed = { readonly records: number; readonly seconds: number };

/** A door before the boundary, which counts the records that it answers for, from the first request to the last answer. */
export async function openDoor(target: URL) {
  const agent = new Agent({ keepAlive: true });
  let [records, beganMs, endedMs] = [0, Number.NaN, Number.NaN];
  const refusals: string[] = [];
  const server = createServer((incoming, outgoing) => {
    if (Number.isNaN(beganMs)) beganMs = performance.now();
    const headers = { ...incoming.headers, host: target.host };
    const onward = forward(
      new URL(incoming.url ?? "/", target),
      { method: incoming.method, headers, agent },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () => {
          endedMs = performance.now();
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode === 200) records += entriesIn(text);
          else refusals.push(`${answer.statusCode} ${text.slice(0, 200)}`);
        });
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    records: () => records,
    /** @throws Error if something was refused: then the time is that of something else */
    passed(): Passed {
      if (refusals.length > 0) throw new Error(`${refusals.length} requests were refused: ${refusals[0]}`);
      const seconds = (endedMs - beganMs) / 1_000;
      const passed = { records, seconds };
      [records, beganMs, endedMs] = [0, Number.NaN, Number.NaN];
      return passed;
    },
    close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Door = Awaited<ReturnType<typeof openDoor>>;

/** The REST proxy answers with an entry for each record, the endpoint for sinks with their number. */
function entriesIn(text: string): number {
  const { offsets, accepted } = JSON.parse(text) as { offsets?: readonly unknown[]; accepted?: number };
  return offsets?.length ?? accepted ?? 0;
}
