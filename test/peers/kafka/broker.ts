import type { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Built, build, lastLine, tool } from "../build.ts";
import { begin, until } from "../children.ts";
import type { PeerRecord } from "../records.ts";

const POM = fileURLToPath(new URL("pom.xml", import.meta.url));

let jars: Promise<Built> | undefined;

/** Kafka's jars from Maven Central, and kcat, with which the records are published. */
export function kafkaJars(): Promise<Built> {
  jars ??= build("kafka", [POM], async (folder) => {
    const { code, said } = await tool(
      "mvn",
      ["-q", "-B", "-f", POM, "dependency:copy-dependencies", `-DoutputDirectory=${folder}`, "-DincludeScope=runtime"],
      { seconds: 150 },
    );
    if (code === "missing") return "It needs a JDK and Maven (Debian: apt-get install default-jdk-headless maven).";
    return code === 0 ? undefined : `Maven could not fetch org.apache.kafka:kafka_2.13:4.4.0: ${lastLine(said)}`;
  });
  return jars;
}

export const java = (heapMb: number, classPath: string): readonly string[] => [
  `-Xmx${heapMb}m`,
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  ...["-cp", classPath],
];

export type Broker = {
  /** Of the listener without credentials. */
  readonly address: string;
  /** Of the listener that wants a user name and a password, and of the one that wants them over TLS. */
  readonly saslAddress: string;
  readonly tlsAddress: string;
  readonly jars: string;
  /** By kcat. */
  publish(topic: string, records: readonly PeerRecord[]): void;
  /** Stops the broker, and starts it again with the same data on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export type BrokerOptions = {
  /** Whether topics, of one partition each, are made when they are written to. */
  readonly autoCreate?: boolean;
  /** Users for the listeners that want credentials: by PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly user?: { readonly name: string; readonly password: string };
  /** A PEM file with the private key and the certificate of the TLS listener. */
  readonly keyStore?: string;
  /** Further lines of server.properties. */
  readonly properties?: readonly string[];
};

/** A broker of one node. */
export async function startBroker(jars: string, options: BrokerOptions = {}): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), "concord-broker-"));
  const ports = {
    plain: await freePort(),
    sasl: await freePort(),
    tls: await freePort(),
    controller: await freePort(),
  };
  const properties = join(folder, "server.properties");
  writeFileSync(properties, propertiesOf(folder, ports, options));
  const command = java(512, join(jars, "*"));
  const { user } = options;
  const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) =>
    user ? ["--add-scram", `${mechanism}=[name=${user.name},password=${user.password}]`] : [],
  );
  const format = ["kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", properties, ...scram];
  const formatted = spawnSync("java", [...command, ...format], { encoding: "utf8" });
  if (formatted.status !== 0) throw new Error(`Kafka's storage could not be formatted: ${formatted.stderr}`);
  const start = async () => {
    const child = begin("java", [...command, "kafka.Kafka", properties]);
    await until("Kafka to listen", () => listens(ports.plain), 90, child.log);
    return child;
  };
  let child = await start();
  const address = `127.0.0.1:${ports.plain}`;
  return {
    address,
    saslAddress: `127.0.0.1:${ports.sasl}`,
    tlsAddress: `localhost:${ports.tls}`,
    jars,
    publish: (topic, records) => publishByKcat(folder, address, topic, records),
    async restart() {
      await child.stop();
      child = await start();
    },
    async stop() {
      await child.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function publishByKcat(folder: string, address: string, topic: string, records: readonly PeerRecord[]): void {
  const run = (args: readonly string[], input = "") => {
    const to = ["-P", "-b", address, "-t", topic, ...args];
    const { status, stderr } = spawnSync("kcat", to, { encoding: "utf8", input });
    if (status !== 0) throw new Error(`kcat could not publish: ${stderr}`);
  };
  for (const key of new Set(records.map((record) => record.key))) {
    const values = records.filter((record) => record.key === key).map(({ value }) => value);
    const files = values
      .filter((value) => value !== null && value.length > 0)
      .map((value, index) => {
        const file = join(folder, `record-${index}`);
        writeFileSync(file, value as Buffer);
        return file;
      });
    // Each file is a message, but it skips one that is empty. As a line with a key and nothing behind it, -Z makes
    // it a message without a value.
    run(["-k", key, ...files]);
    for (const value of values) {
      if (value === null) run(["-K", "\\t", "-Z"], `${key}\t\n`);
      else if (value.length === 0) run(["-K", "\\t"], `${key}\t\n`);
    }
  }
}

type Ports = { readonly plain: number; readonly sasl: number; readonly tls: number; readonly controller: number };

function propertiesOf(
  folder: string,
  { plain, sasl, tls, controller }: Ports,
  { autoCreate = true, user, keyStore, properties = [] }: BrokerOptions,
): string {
  const listeners = [
    `PLAINTEXT://127.0.0.1:${plain}`,
    ...(user ? [`SASL://127.0.0.1:${sasl}`] : []),
    ...(keyStore ? [`TLS://localhost:${tls}`] : []),
  ];
  const security = `
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
${["sasl", "tls"].map((listener) => (user ? jaasOf(`listener.name.${listener}`, user) : "")).join("")}
${keyStore ? `listener.name.tls.ssl.keystore.type=PEM\nlistener.name.tls.ssl.keystore.location=${keyStore}` : ""}`;
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${listeners.join(",")},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=${listeners.join(",")}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL
inter.broker.listener.name=PLAINTEXT
${user ? security : ""}
log.dirs=${join(folder, "data")}
num.partitions=1
auto.create.topics.enable=${autoCreate}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
${properties.join("\n")}
`;
}

function jaasOf(listener: string, { name, password }: { readonly name: string; readonly password: string }): string {
  const modules = "org.apache.kafka.common.security";
  return `
${listener}.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${name}="${password}";
${listener}.scram-sha-256.sasl.jaas.config=${modules}.scram.ScramLoginModule required;
${listener}.scram-sha-512.sasl.jaas.config=${modules}.scram.ScramLoginModule required;
`;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
