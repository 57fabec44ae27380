import { Buffer } from "node:buffer";
import { begin, type Child, together } from "./children.ts";
import { versionText } from "./follower.ts";
import type { Connection, Peer } from "./peer.ts";

/** It waits as long as Retry-After says, and sends again what was not accepted. */
export const curlArguments = ({ url, user, password, topic }: Connection): string[] => [
  ...["--silent", "--show-error", "--fail", "--retry", "20", "--retry-all-errors"],
  ...["--header", "Content-Type: application/x-ndjson"],
  ...["--user", `${user}:${password}`],
  ...["--data-binary", "@-", new URL(`/ingest/${topic}`, url).href],
];

/** One run of curl for each call of `send`. */
export const curl: Peer = {
  changes: () => ({ tombstone: "not carried" }),
  prepare: async () => {
    const text = versionText("curl", "--version");
    return text ? { version: text.split(" (")[0] as string } : { missing: "Debian: apt-get install curl" };
  },
  async start(connection) {
    const runs: Child[] = [];
    return {
      async send(records) {
        const run = begin("curl", curlArguments(connection));
        runs.push(run);
        // It says itself why it ended.
        run.process.stdin.on("error", () => {});
        const lines = records.flatMap(({ value }) => [value ?? Buffer.alloc(0), Buffer.from("\n")]);
        run.process.stdin.end(Buffer.concat(lines));
      },
      ...together(runs),
    };
  },
};
