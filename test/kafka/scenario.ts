import type { Clients } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import type { Broker } from "../peers/kafka/broker.ts";
import type { Cluster } from "./cluster.ts";

/** What all scenarios share. Each has topics and groups of its own. */
export type Setting = {
  readonly stack: Stack;
  readonly clients: Clients;
  readonly broker: Broker;
  readonly cluster: Cluster;
  readonly user: { readonly name: string; readonly password: string };
  /** A PEM file with the certificate of the broker's TLS listener; without openssl there is none. */
  readonly certificate: string | undefined;
  readonly seed: number;
  readonly events: number;
  /** Says what happens, with the time since the beginning. */
  readonly say: (text: string) => void;
};

/** @returns what was seen @throws Error with what was expected and did not come */
export type Scenario = (setting: Setting) => Promise<string>;
