import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { benthos } from "./benthos/build.ts";
import { curl } from "./curl.ts";
import { follow, follower } from "./follower.ts";
import { FROM_KAFKA, redpandaConnectFromKafka } from "./kafka/peers.ts";
import { kafkaRest } from "./kafka-rest.ts";
import type { Peer } from "./peer.ts";
import { letters } from "./records.ts";

const config = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const RSYSLOG_MODULES = [
  "/usr/lib/rsyslog",
  "/usr/lib64/rsyslog",
  "/usr/lib/x86_64-linux-gnu/rsyslog",
  "/usr/lib/aarch64-linux-gnu/rsyslog",
];

/** What follows a file takes each of its lines for a record. */
const byLine: NonNullable<Peer["changes"]> = (lines) => ({
  "pretty-printed": letters("not_json", lines),
  tombstone: "not carried",
});

const redpandaConnect: Peer = {
  changes: byLine,
  async prepare() {
    const built = await benthos();
    return "missing" in built ? built : { version: "Benthos 4.60.0" };
  },
  async start(connection) {
    const built = await benthos();
    if ("missing" in built) throw new Error(built.missing);
    const args = () => ["run", config("redpanda-connect.yaml")];
    return follow(join(built.folder, "redpanda-connect"), args, connection);
  },
};

export const PEERS: Readonly<Record<string, Peer>> = {
  curl,
  "kafka-rest": kafkaRest,
  "syslog-ng": follower({
    programs: ["syslog-ng", "/usr/sbin/syslog-ng"],
    version: "--version",
    has: (text) => /^Available-Modules:.*\bhttp\b/m.test(text),
    missing: "Debian: apt-get install syslog-ng-core syslog-ng-mod-http",
    args: (folder) => [
      "--foreground",
      "--no-caps",
      "--stderr",
      ...["--cfgfile", config("syslog-ng.conf"), "--persist-file", join(folder, "persist")],
      ...["--control", join(folder, "control"), "--pidfile", join(folder, "pid")],
    ],
    changes: byLine,
  }),
  rsyslog: follower({
    programs: ["rsyslogd", "/usr/sbin/rsyslogd"],
    version: "-v",
    has: () => RSYSLOG_MODULES.some((folder) => existsSync(join(folder, "omhttp.so"))),
    missing: "It needs rsyslog with the omhttp module, which Debian's packages leave out.",
    args: (folder) => ["-n", "-f", config("rsyslog.conf"), "-i", join(folder, "pid")],
    changes: byLine,
  }),
  "fluent-bit": follower({
    programs: ["fluent-bit", "/opt/fluent-bit/bin/fluent-bit"],
    version: "--version",
    missing: "It is in no registry that we use (Debian 12, npm, PyPI, Go); its makers serve packages.",
    args: () => ["--quiet", "--config", config("fluent-bit.yaml")],
    // A line that is not JSON travels as { "log": line }.
    changes: (lines) => ({
      "no JSON": letters("schema_mismatch"),
      "no UTF-8": letters("schema_mismatch"),
      "pretty-printed": letters("schema_mismatch", lines),
      tombstone: "not carried",
    }),
  }),
  ...FROM_KAFKA,
  // Last, since they are built while the others run.
  "redpanda-connect": redpandaConnect,
  "redpanda-connect-kafka": redpandaConnectFromKafka,
};
