import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { benthos } from "../benthos/build.ts";
import { type Built, build, type Found, tool } from "../build.ts";
import { begin, type Child, together, until } from "../children.ts";
import { environment, versionText } from "../follower.ts";
import type { Connection, Peer } from "../peer.ts";
import { letters } from "../records.ts";
import { type Broker, freePort, java, kafkaJars, startBroker } from "./broker.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let broker: Promise<Broker> | undefined;

/** The broker that all of these share. */
function sharedBroker(): Promise<Broker> {
  broker ??= kafkaJars().then((jars) => startBroker(folderOf(jars)));
  return broker;
}

/** Ends the broker, if there was one. */
export async function stopBroker(): Promise<void> {
  await (await broker)?.stop();
}

const folderOf = (built: Built): string => {
  if ("missing" in built) throw new Error(built.missing);
  return built.folder;
};

/** Finds what records are published with and read from; then what the peer needs beside it. */
async function found(version: string, ...needed: (() => Promise<Built>)[]): Promise<Found> {
  if (versionText("kcat", "-V") === undefined) return { missing: "Debian: apt-get install kcat" };
  for (const need of [kafkaJars, ...needed]) {
    const built = await need();
    if ("missing" in built) return built;
  }
  return { version: `${version}, Kafka 4.4.0` };
}

/** One run of kcat and curl for each call of `send`. */
const kcat: Peer = {
  // A line tells no key, and no difference between an empty value and none.
  changes: () => ({ tombstone: letters("empty_value") }),
  prepare: () => found(/Version \S+/.exec(versionText("kcat", "-V") ?? "")?.[0].replace("Version", "kcat") ?? "kcat"),
  async start(connection) {
    const { address, publish } = await sharedBroker();
    const runs: Child[] = [];
    let from = 0;
    return {
      async send(records) {
        publish(connection.topic, records);
        const env = { ...environment(connection), KAFKA: address, FROM: String(from), COUNT: String(records.length) };
        from += records.length;
        runs.push(begin(here("kcat.sh"), [], { env }));
      },
      ...together(runs),
    };
  },
};

export const redpandaConnectFromKafka: Peer = {
  topic: "device.elt.registration.created",
  prepare: () => found("Benthos 4.60.0", benthos),
  async start(connection) {
    const { address, publish } = await sharedBroker();
    const program = join(folderOf(await benthos()), "redpanda-connect");
    const env = { ...environment(connection), KAFKA: address };
    const { log, stop } = begin(program, ["run", here("../redpanda-connect-kafka.yaml")], { env });
    return { send: async (records) => publish(connection.topic, records), log, stop };
  },
};

const SOURCES = ["connect/HttpSink.java", "connect/KeyToValue.java"].map(here);

/** Aiven's own classes where their folder is given, else the stand-ins. @throws Error where these do not compile */
async function plugins(): Promise<Built> {
  if (process.env.AIVEN_CLASSES) return { folder: process.env.AIVEN_CLASSES };
  return build("connect", SOURCES, async (folder) => {
    const jars = join(folderOf(await kafkaJars()), "*");
    const { code, said } = await tool("javac", ["-cp", jars, "-d", folder, ...SOURCES], { seconds: 60 });
    if (code === "missing") return "It needs a JDK (Debian: apt-get install default-jdk-headless).";
    if (code !== 0) throw new Error(`test/peers/kafka/connect does not compile: ${said}`);
    return undefined;
  });
}

const connectHttpSink: Peer = {
  topic: "device.infinity.registration.created",
  // Its converter replaces bytes that are not UTF-8, and what comes is JSON then.
  changes: () => ({ "no UTF-8": letters("schema_mismatch") }),
  prepare: () => found(process.env.AIVEN_CLASSES ? "Aiven's HTTP sink" : "a stand-in for Aiven's HTTP sink", plugins),
  async start(connection) {
    const { address, jars, publish } = await sharedBroker();
    const folder = mkdtempSync(join(tmpdir(), "concord-connect-"));
    const port = await freePort();
    const worker = join(folder, "worker.properties");
    writeFileSync(worker, workerProperties(address, port, folder));
    const connectors = ["aiven-http-sink.json", "aiven-http-sink-tombstones.json"].map((name) => {
      const file = join(folder, name);
      writeFileSync(file, connectorOf(readFileSync(here(`../${name}`), "utf8"), connection));
      return file;
    });
    const classPath = `${join(jars, "*")}:${folderOf(await plugins())}`;
    const main = "org.apache.kafka.connect.cli.ConnectStandalone";
    const { log, stop } = begin("java", [...java(512, classPath), main, worker, ...connectors]);
    await until("both connectors to run", () => areRunning(port), 120, log);
    return {
      send: async (records) => publish(connection.topic, records),
      log,
      async stop() {
        await stop();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

const workerProperties = (kafka: string, port: number, folder: string): string => `
bootstrap.servers=${kafka}
listeners=HTTP://127.0.0.1:${port}
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename=${join(folder, "offsets")}
offset.flush.interval.ms=1000
plugin.discovery=only_scan
`;

/** A connector as it is documented, but for where it runs: its source, its address, and classes that are not here. */
function connectorOf(text: string, { url, user, password }: Connection): string {
  const local = text
    .replaceAll("http://localhost:8787", url.origin)
    .replaceAll("device.ecobee.", "device.infinity.")
    .replaceAll("ZGV2OmRldg==", btoa(`${user}:${password}`));
  if (process.env.AIVEN_CLASSES) return local;
  return local
    .replace("io.aiven.kafka.connect.http.HttpSinkConnector", "concord.peers.HttpSink")
    .replace("io.aiven.kafka.connect.transforms.KeyToValue", "concord.peers.KeyToValue");
}

async function areRunning(port: number): Promise<boolean> {
  const asked = await fetch(`http://127.0.0.1:${port}/connectors?expand=status`).catch(() => undefined);
  if (!asked?.ok) return false;
  const connectors = Object.values((await asked.json()) as Record<string, { status: { tasks: { state: string }[] } }>);
  return connectors.length === 2 && connectors.every(({ status }) => status.tasks[0]?.state === "RUNNING");
}

export const FROM_KAFKA: Readonly<Record<string, Peer>> = {
  kcat,
  "connect-http-sink": connectHttpSink,
};
