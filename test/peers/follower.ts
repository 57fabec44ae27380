import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Found } from "./build.ts";
import { begin } from "./children.ts";
import type { Connection, Peer } from "./peer.ts";

/** What a program says of itself when asked for its version, or `undefined` where there is no such program. */
export function versionText(program: string, argument: string): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, [argument], { encoding: "utf8" });
  return error ? undefined : stdout || stderr;
}

/** The environment that all configurations read. */
export const environment = ({ url, user, password, topic }: Connection): NodeJS.ProcessEnv => ({
  ...process.env,
  CONCORD_URL: url.origin,
  CONCORD_HOST: url.hostname,
  CONCORD_PORT: url.port,
  CONCORD_USER: user,
  CONCORD_PASSWORD: password,
  TOPIC: topic,
});

type Daemon = Pick<Peer, "changes"> & {
  /** The first of these that exists is run. */
  readonly programs: readonly string[];
  /** The argument that makes it tell its version. */
  readonly version: string;
  /** Whether it has the module that it needs for HTTP; told by its version text or by its files. */
  has?(versionText: string): boolean;
  readonly missing: string;
  args(folder: string): string[];
};

/** A program that follows a file and forwards each line; its configuration lies beside this file. */
export function follower({ programs, version, has = () => true, missing, args, changes }: Daemon): Peer {
  const program = () => programs.find((name) => versionText(name, version) !== undefined);
  return {
    ...(changes && { changes }),
    async prepare(): Promise<Found> {
      const found = program();
      const text = found && versionText(found, version);
      return text && has(text) ? { version: text.split("\n")[0] as string } : { missing };
    },
    start: (connection) => follow(program() as string, args, connection),
  };
}

/** Starts a program on a file that grows by what is sent. */
export async function follow(program: string, args: (folder: string) => string[], connection: Connection) {
  const folder = mkdtempSync(join(tmpdir(), "concord-peer-"));
  const records = join(folder, "records.ndjson");
  writeFileSync(records, "");
  const env = { ...environment(connection), RECORDS: records, STATE: folder };
  const child = begin(program, args(folder), { cwd: folder, env });
  const running: Awaited<ReturnType<Peer["start"]>> = {
    async send(sent) {
      const { exitCode } = child.process;
      if (exitCode !== null) throw new Error(`${program} ended with ${exitCode}`);
      appendFileSync(records, Buffer.concat(sent.flatMap(({ value }) => [value ?? Buffer.alloc(0), LINE_FEED])));
    },
    async stop() {
      await child.stop();
      rmSync(folder, { recursive: true });
    },
    log: child.log,
  };
  return running;
}

const LINE_FEED = Buffer.from("\n");
