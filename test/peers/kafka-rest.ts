import { createRequire } from "node:module";
import type { Peer } from "./peer.ts";
import type { PeerRecord } from "./records.ts";

/** The part of the npm client that is used here; it brings no types. */
type KafkaRestClient = {
  topic(name: string): { produce(records: readonly PeerRecord[], done: (error: unknown) => void): void };
};

const require = createRequire(import.meta.url);

/** The client of 2014. It knows no retry, so its user sends again: that is what `send` does here. */
export const kafkaRest: Peer = {
  async prepare() {
    try {
      return { version: `kafka-rest ${(require("kafka-rest/package.json") as { version: string }).version}` };
    } catch {
      return { missing: "npm ci installs it" };
    }
  },
  async start({ url, user, password, topic }) {
    const Client = require("kafka-rest") as new (options: { url: string }) => KafkaRestClient;
    const client = new Client({ url: Object.assign(new URL(url), { username: user, password }).href });
    const unsent: PeerRecord[][] = [];
    let said = "";
    let timer: NodeJS.Timeout | undefined;
    const produce = () => {
      const records = unsent[0];
      if (!records) return;
      // Copies: it encodes the records in place, and the same ones sent again would be encoded twice.
      client.topic(topic).produce(
        records.map((record) => ({ ...record })),
        (error) => {
          if (error) said += `${error}\n`;
          else unsent.shift();
          timer = setTimeout(produce, error ? 500 : 0);
        },
      );
    };
    return {
      async send(records) {
        const isIdle = unsent.length === 0;
        // Requests of 20, since one may have 4 MiB.
        const rest = [...records];
        while (rest.length > 0) unsent.push(rest.splice(0, 20));
        if (isIdle) produce();
      },
      async stop() {
        clearTimeout(timer);
      },
      log: () => said,
    };
  },
};
