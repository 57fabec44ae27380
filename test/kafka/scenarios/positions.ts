import { Buffer } from "node:buffer";
import { openGate } from "../../peers/gate.ts";
import { Bridge, type BridgeOptions } from "../bridge.ts";
import type { Outgoing } from "../cluster.ts";
import { Ledger } from "../ledger.ts";
import { registrationOf } from "../records.ts";
import type { Scenario, Setting } from "../scenario.ts";

const SECONDS = 60;

/** Records that were deleted before they were read are reported, counted, and in nobody's way. */
export const gap: Scenario = async (setting) => {
  const { cluster } = setting;
  const topic = "device.elt.gap.registered";
  const group = "gap";
  await cluster.createTopics([topic], 1);
  await cluster.publish(registrations(topic, "gap", 10));
  await atOnce(setting, { group, options: { topics: topic } }, 10);

  await cluster.publish(registrations(topic, "gap-later", 10));
  await cluster.deleteRecords(topic, 0, 15);
  const bridge = await atOnce(setting, { group, options: { topics: topic } }, 5);
  const gaps = bridge.of("gap").map((line) => `${line["kafka.offset"]} to ${line["gap.to"]}, ${line.cause}`);
  if (gaps.join() !== "10 to 15, retention") throw new Error(`it reported the gaps ${gaps.join("; ") || "none"}`);

  // Everything that is left is gone too: nothing comes any more with which a position could be committed.
  await cluster.publish(registrations(topic, "gap-last", 3));
  await cluster.deleteRecords(topic, 0, 23);
  const empty = await atOnce(setting, { group, options: { topics: topic } }, 0);
  if (empty.of("gap").length !== 1) throw new Error(`it reported ${empty.of("gap").length} gaps, not 1`);
  const lag = await cluster.lag(group, [topic]);
  if (lag !== 0) throw new Error(`nothing is left to read, and the lag is ${lag}`);

  // As after a topic was made anew: the group's position is behind the end.
  await cluster.publish(registrations(topic, "gap-anew", 4));
  await cluster.setPosition(group, topic, 0, 1_000);
  const reset = await atOnce(setting, { group, options: { topics: topic } }, 4);
  if (reset.of("position_reset").length !== 1) throw new Error("it did not report that it begins again");
  return "5 and 3 deleted records reported, each once, and a lag of 0; a position behind the end begins again, reported";
};

/** Where a partition begins that the group has no position for. */
export const start: Scenario = async (setting) => {
  const { cluster } = setting;
  const topic = "device.elt.start.registered";
  await cluster.createTopics([topic], 1);
  const at = Date.UTC(2026, 5, 1);
  await cluster.publish(registrations(topic, "start", 10).map((each, i) => ({ ...each, timestampMs: at + i * 1_000 })));
  const from = new Date(at + 6_500).toISOString();
  await atOnce(setting, { group: "start-time", options: { topics: topic, from } }, 3);

  // What comes while the bridge is away is read by the next one, though the first has read nothing at all.
  await atOnce(setting, { group: "start-latest", options: { topics: topic, from: "latest" } }, 0);
  await cluster.publish(registrations(topic, "start-later", 2));
  await atOnce(setting, { group: "start-latest", options: { topics: topic, from: "latest" } }, 2);
  return "3 of 10 records since a time; none at latest, and then the 2 that came while no bridge ran";
};

/** A pattern takes topics that are made later, and no topic that carries no events. */
export const pattern: Scenario = async (setting) => {
  const { cluster, stack, broker } = setting;
  const ledger = new Ledger();
  const gate = await openGate(stack.url, ledger.observe);
  const [first, later] = ["device.elt.pattern.registered", "device.elt.pattern.later"];
  await cluster.createTopics([first, "device.elt.pattern"], 1);
  const options = { pattern: "device\\.elt\\.pattern.*", "pattern-refresh-ms": "1000", from: "latest" };
  const bridge = new Bridge({ url: gate.url, brokers: broker.address, group: "pattern", options });
  try {
    await bridge.waitFor("session_opened", SECONDS);
    await cluster.createTopics([later], 2);
    await cluster.publish(registrations(later, "pattern", 20));
    await bridge.until("20 records of a topic that was made later", () => ledger.distinct >= 20, SECONDS);
    const ignored = bridge.of("topics_ignored").map(({ topics }) => topics);
    if (ignored.join() !== "device.elt.pattern") throw new Error(`it said that it ignores ${ignored.join() || "none"}`);
    await bridge.stop();
  } finally {
    gate.close();
  }
  return "20 of 20 records of a topic that was made later, from its beginning; one topic ignored";
};

/** Listeners that want credentials, by TLS and without, and what a bridge says that is refused. */
export const security: Scenario = async (setting) => {
  const { cluster, broker, user, certificate } = setting;
  const topic = "device.elt.security.registered";
  await cluster.createTopics([topic], 1);
  await cluster.publish(registrations(topic, "security", 5));
  const sasl = (mechanism: string) => ({ topics: topic, "sasl-mechanism": mechanism, "sasl-username": user.name });
  const env = { CONCORD_BRIDGE_SASL_PASSWORD: user.password };
  const used: string[] = [];
  for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]) {
    const group = `security-${mechanism}`;
    await atOnce(setting, { group, brokers: broker.saslAddress, options: sasl(mechanism), env }, 5);
    used.push(mechanism);
  }
  if (certificate) {
    const options = { ...sasl("SCRAM-SHA-512"), "tls-ca-file": certificate };
    await atOnce(setting, { group: "security-tls", brokers: broker.tlsAddress, options, env }, 5);
    used.push("SCRAM-SHA-512 over TLS");
    const untrusted = { ...sasl("PLAIN"), tls: "true" };
    await refused(setting, { brokers: broker.tlsAddress, options: untrusted, env }, "certificate");
  }
  const wrong = { CONCORD_BRIDGE_SASL_PASSWORD: "guessed" };
  await refused(setting, { brokers: broker.saslAddress, options: sasl("SCRAM-SHA-256"), env: wrong }, "password");
  return `${used.join(", ")}; a wrong password${certificate ? " and an unknown certificate" : ""} refused with what to do`;
};

type Asked = Partial<Pick<BridgeOptions, "brokers" | "env">> & Pick<BridgeOptions, "options">;

/** Runs a bridge to the high-water marks. @throws Error unless exactly so many records came, each once */
async function atOnce({ stack, broker }: Setting, asked: Asked & { readonly group: string }, records: number) {
  const bridge = new Bridge({ url: stack.url, brokers: broker.address, once: true, ...asked });
  const code = await bridge.ended(SECONDS);
  const counts = bridge.of("delivered").map((line) => Number(line["messaging.batch.message_count"]));
  const delivered = counts.reduce((sum, count) => sum + count, 0);
  if (code !== 0 || delivered !== records)
    throw new Error(
      `${records} records were expected, ${delivered} came, and it ended with ${code}:\n${bridge.log().slice(-4000)}`,
    );
  return bridge;
}

async function refused({ stack, broker }: Setting, asked: Asked, word: string): Promise<void> {
  const bridge = new Bridge({ url: stack.url, brokers: broker.address, group: "refused", once: true, ...asked });
  const code = await bridge.ended(SECONDS);
  if (code === 0 || !bridge.log().includes(word))
    throw new Error(`it ended with ${code}, without a word of a ${word}: ${bridge.log().slice(-2000)}`);
}

const registrations = (topic: string, name: string, count: number): Outgoing[] =>
  Array.from({ length: count }, (_, i) => ({
    ...registrationOf(`${name}-${i}`, topic),
    headers: [["n", Buffer.from([i])]],
  }));
