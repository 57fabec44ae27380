import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What every peer is told: where to send, as whom, and to which topic. */
export type Connection = {
  readonly url: URL;
  readonly user: string;
  readonly password: string;
  readonly topic: string;
};

/** A peer at work. `send` hands it values, one record each; how they reach Concord is the peer's own affair. */
export type Running = { send(values: readonly string[]): Promise<void>; stop(): Promise<void>; log(): string };

export type Peer = {
  /** Whether a value that is not JSON reaches Concord as it is. */
  readonly carries: "any text" | "JSON only";
  /** Its version, or why it cannot be run here. */
  find(): { readonly version: string } | { readonly missing: string };
  start(connection: Connection): Promise<Running>;
};

const config = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What a program says of itself when asked for its version, or `undefined` where there is no such program. */
function versionText(program: string, argument: string): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, [argument], { encoding: "utf8" });
  return error ? undefined : stdout || stderr;
}

type Daemon = {
  /** The first of these that exists is run. */
  readonly programs: readonly string[];
  /** The argument that makes it tell its version. */
  readonly version: string;
  /** Whether it has the module that it needs for HTTP; told by its version text or by its files. */
  has?(versionText: string): boolean;
  readonly missing: string;
  args(folder: string): string[];
  readonly carries?: Peer["carries"];
};

/** A program that follows a file and forwards each line; its configuration lies beside this file. */
function follower({ programs, version, has = () => true, missing, args, carries = "any text" }: Daemon): Peer {
  const program = programs.find((name) => versionText(name, version) !== undefined);
  return {
    carries,
    find() {
      const text = program && versionText(program, version);
      return text && has(text) ? { version: text.split("\n")[0] as string } : { missing };
    },
    async start({ url, user, password, topic }) {
      const folder = mkdtempSync(join(tmpdir(), "concord-peer-"));
      const records = join(folder, "records.ndjson");
      writeFileSync(records, "");
      const child = spawn(program as string, args(folder), {
        cwd: folder,
        env: {
          ...process.env,
          CONCORD_URL: url.origin,
          CONCORD_HOST: url.hostname,
          CONCORD_PORT: url.port,
          CONCORD_USER: user,
          CONCORD_PASSWORD: password,
          TOPIC: topic,
          RECORDS: records,
          STATE: folder,
        },
      });
      const said: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk));
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      return {
        async send(values) {
          if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
          appendFileSync(records, values.map((value) => `${value}\n`).join(""));
        },
        async stop() {
          child.kill("SIGTERM");
          await ended;
          rmSync(folder, { recursive: true });
        },
        log: () => Buffer.concat(said).toString(),
      };
    },
  };
}

/** One run of curl for each call of `send`; it waits as long as Retry-After says, and sends again what was not taken. */
const curl: Peer = {
  carries: "any text",
  find: () => {
    const text = versionText("curl", "--version");
    return text ? { version: text.split(" (")[0] as string } : { missing: "Debian: apt-get install curl" };
  },
  async start({ url, user, password, topic }) {
    const children: ChildProcess[] = [];
    const said: Buffer[] = [];
    return {
      async send(values) {
        const options = ["--silent", "--show-error", "--fail", "--retry", "20", "--retry-all-errors"];
        const type = ["--header", "Content-Type: application/x-ndjson"];
        const target = new URL(`/ingest/${topic}`, url).href;
        const child = spawn("curl", [
          ...options,
          ...type,
          "--user",
          `${user}:${password}`,
          "--data-binary",
          "@-",
          target,
        ]);
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk));
        child.stdin.end(values.join("\n"));
        children.push(child);
      },
      async stop() {
        for (const child of children) child.kill();
      },
      log: () => Buffer.concat(said).toString(),
    };
  },
};

/** The part of the npm client that is used here; it brings no types. */
type KafkaRestClient = {
  topic(name: string): { produce(values: readonly string[], done: (error: unknown) => void): void };
};

/** The client of 2014. It knows no retry, so its user sends again: that is what `send` does here. */
const kafkaRest: Peer = {
  carries: "any text",
  find() {
    try {
      return { version: `kafka-rest ${(require("kafka-rest/package.json") as { version: string }).version}` };
    } catch {
      return { missing: "npm ci installs it" };
    }
  },
  async start({ url, user, password, topic }) {
    const Client = require("kafka-rest") as new (options: { url: string }) => KafkaRestClient;
    const client = new Client({ url: Object.assign(new URL(url), { username: user, password }).href });
    const unsent: string[][] = [];
    let said = "";
    let timer: NodeJS.Timeout | undefined;
    const produce = () => {
      const values = unsent[0];
      if (!values) return;
      // A copy: it encodes the array in place, and the same array sent again would be encoded twice.
      client.topic(topic).produce([...values], (error) => {
        if (error) said += `${error}\n`;
        else unsent.shift();
        timer = setTimeout(produce, error ? 500 : 0);
      });
    };
    return {
      async send(values) {
        unsent.push([...values]);
        if (unsent.length === 1) produce();
      },
      async stop() {
        clearTimeout(timer);
      },
      log: () => said,
    };
  },
};

const require = createRequire(import.meta.url);

const RSYSLOG_MODULES = [
  "/usr/lib/rsyslog",
  "/usr/lib64/rsyslog",
  "/usr/lib/x86_64-linux-gnu/rsyslog",
  "/usr/lib/aarch64-linux-gnu/rsyslog",
];

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
  }),
  rsyslog: follower({
    programs: ["rsyslogd", "/usr/sbin/rsyslogd"],
    version: "-v",
    has: () => RSYSLOG_MODULES.some((folder) => existsSync(join(folder, "omhttp.so"))),
    missing: "It needs rsyslog with the omhttp module, which Debian's packages leave out.",
    args: (folder) => ["-n", "-f", config("rsyslog.conf"), "-i", join(folder, "pid")],
  }),
  "fluent-bit": follower({
    programs: ["fluent-bit", "/opt/fluent-bit/bin/fluent-bit"],
    version: "--version",
    missing: "Debian 12 has no package of it; its makers serve one.",
    args: () => ["--quiet", "--config", config("fluent-bit.yaml")],
    // A line that is not JSON travels as { "log": line }.
    carries: "JSON only",
  }),
  "redpanda-connect": follower({
    programs: ["redpanda-connect"],
    version: "--version",
    missing: "Debian 12 has no package of it; its makers serve one.",
    args: () => ["run", config("redpanda-connect.yaml")],
  }),
};
