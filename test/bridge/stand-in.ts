import type { BridgeEvent } from "../../bridge/events.ts";
import type { KafkaRecord } from "../../bridge/kafka-record.ts";
import { proxySource } from "../../bridge/proxy/source.ts";
import type { Session, Source } from "../../bridge/source.ts";
import type { ProxySettings } from "../../bridge/source-settings.ts";
import { StandInBroker } from "./broker.ts";
import type { CallKind, Fault } from "./faults.ts";
import { HABITS, type StandInDialect } from "./habits.ts";
import { type Front, StandInProxy, type StandInSettings } from "./stand-in-proxy.ts";

export const TOPIC = "device.elt.profile.updated";

const open: { close: () => unknown }[] = [];

/** Ends every proxy, and every source that reads from one. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
}

export type StandIn = {
  readonly broker: StandInBroker;
  readonly proxy: StandInProxy;
  readonly front: Front;
  /** Faults of the next calls of each kind, first one first. */
  readonly faults: Partial<Record<CallKind, Fault[]>>;
  readonly events: BridgeEvent[];
  readonly source: (settings?: Partial<ProxySettings>) => Source;
};

/**
 * A proxy with one topic of two partitions, and sources that read from it.
 * @param keepsPositions whether members go on in partitions that stay theirs in a rebalance
 */
export async function standIn(
  dialect: StandInDialect,
  settings: Partial<StandInSettings> = {},
  keepsPositions = dialect.startsWith("redpanda"),
): Promise<StandIn> {
  const habits = HABITS[dialect];
  const broker = new StandInBroker({ rebalanceMs: 100, keepsPositions, startOf: habits.startOf });
  broker.addTopic(TOPIC, 2);
  const faults: StandIn["faults"] = {};
  const nextFault = (kind: CallKind) => faults[kind]?.shift() ?? "none";
  const proxy = new StandInProxy({ habits, broker, nextFault, pollLimit: 100, expiryMs: 60_000, ...settings });
  open.push(proxy);
  const front = await proxy.listen();
  const events: BridgeEvent[] = [];
  const source: StandIn["source"] = (given = {}) => {
    const made = proxySource({ ...SETTINGS, url: front.url, ...given }, (event) => events.push(event), WAITS);
    open.push(made);
    return made;
  };
  return { broker, proxy, front, faults, events, source };
}

const SETTINGS: Omit<ProxySettings, "url"> = {
  group: "concord",
  clientId: "bridge",
  topics: { kind: "list", topics: [TOPIC] },
  from: "earliest",
  dialect: null,
  baseUri: "use",
  authorization: null,
  pollTimeoutMs: 20,
  callTimeoutMs: 300,
};
const WAITS = { pollEveryMs: 50, leaveMs: 50, idleMs: 1 };

export const never = new AbortController().signal;

/** Appends records to partition 0. */
export function produce(broker: StandInBroker, ...values: readonly (string | null)[]): void {
  for (const value of values) {
    const timestamp = 1_795_792_675_000;
    broker.append(TOPIC, 0, { key: btoa("k"), value: value === null ? null : btoa(value), timestamp });
  }
}

/** The next batch that is not empty. */
export async function batchOf(session: Session): Promise<readonly KafkaRecord[]> {
  const batches = session.records[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await batches.next();
    if (done) throw new Error(`the session is over: ${session.over.reason}`);
    if (value.length > 0) return value;
  }
}

export const offsetsOf = (records: readonly KafkaRecord[]): number[] => records.map(({ offset }) => offset);
