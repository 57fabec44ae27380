import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { build } from "esbuild";
import { unstable_splitSqlQuery as statementsOf, unstable_getMiniflareWorkerOptions as toOptions } from "wrangler";
import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import type { JobObjectName, JobStatus } from "#ops/archive-api.ts";
import type { Parcel } from "#queue/parcel.ts";
import { freePort } from "../../../local/free-port.ts";
import { ROOT } from "../../../local/tool.ts";

/** The Workers that a job over the archive needs, and what its records and orders come through. */
const WORKERS = ["devices", "archive", "ingest", "dlq", "metrics"] as const;

/** How long the runtime may take to be there again on a busy machine. */
const READY_WITHIN_MS = 60_000;

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    external: ["cloudflare:*", "node:*"],
    ...{ bundle: true, format: "esm", target: "es2024", minify: true, keepNames: true, write: false },
  });
  return outputFiles[0]?.text ?? "";
}

/** Our Workers as Miniflare takes them, by their own configs, and the one that the test calls in front. */
async function workersOf(): Promise<object[]> {
  const ours = WORKERS.map(async (folder) => {
    const { workerOptions } = toOptions(join(ROOT, `workers/${folder}/wrangler.toml`));
    const { assets, rootPath, modulesRules, serviceBindings, ...options } = workerOptions;
    // Those of Workers that are not started: nobody subscribes here, and nobody opens the console.
    const bound = Object.entries(serviceBindings ?? {}).filter(([, service]) =>
      WORKERS.some((each) => (service as { name?: string }).name === `concord-${each}`),
    );
    const script = await bundle(`workers/${folder}/index.ts`);
    const named = { name: `concord-${folder}`, modules: true, script };
    return { ...options, ...named, serviceBindings: Object.fromEntries(bound) };
  });
  const archive = toOptions(join(ROOT, "workers/archive/wrangler.toml")).workerOptions;
  const door = {
    name: "door",
    modules: true,
    script: await bundle("test/flow/killed/door.ts"),
    compatibilityDate: archive.compatibilityDate,
    serviceBindings: { OPS: { name: "concord-dlq" } },
    queueProducers: archive.queueProducers,
    d1Databases: archive.d1Databases,
  };
  return [door, ...(await Promise.all(ours))];
}

/** The platform as a process group of its own, whose stores are in a folder and outlive it. */
export class KilledPlatform {
  readonly #home: string;
  #port = 0;
  readonly #token: string;
  #process: ChildProcess | undefined;
  #isReady: Promise<boolean> = Promise.resolve(false);
  #said: string[] = [];

  private constructor(home: string, token: string) {
    this.#home = home;
    this.#token = token;
  }

  /** With empty databases. */
  static async create(): Promise<KilledPlatform> {
    const home = mkdtempSync(join(tmpdir(), "concord-killed-"));
    const token = await signOpsToken({ actor: "ops@example.com", role: "admin" }, LOCAL_TOKEN_SECRET, "1h");
    const platform = new KilledPlatform(home, token);
    writeFileSync(platform.#workers, JSON.stringify(await workersOf()));
    await platform.start();
    await platform.ready();
    const files = readdirSync(join(ROOT, "migrations")).filter((name) => name.endsWith(".sql"));
    const sql = files.sort().flatMap((name) => statementsOf(readFileSync(join(ROOT, "migrations", name), "utf8")));
    await platform.#call("/migrations", sql);
    return platform;
  }

  get #workers(): string {
    return join(this.#home, "workers.json");
  }

  /** Where its stores are. */
  get folder(): string {
    return join(this.#home, "stores");
  }

  /** It is there when `ready` says so; jobs that were under way may go on before. */
  async start(): Promise<void> {
    const script = join(ROOT, "test/flow/killed/runtime.ts");
    // Another one each time, since the client keeps connections to the one that was killed.
    this.#port = await freePort();
    const child = spawn(process.execPath, [script, this.#workers, this.folder, String(this.#port)], {
      // A group of its own, so that its runtime is killed with it.
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process = child;
    this.#said = [];
    createInterface({ input: child.stderr }).on("line", (line) => this.#said.push(line));
    const lines = createInterface({ input: child.stdout });
    this.#isReady = new Promise<boolean>((resolve) => {
      lines.on("line", (line) => (line === "ready" ? resolve(true) : this.#said.push(line)));
      lines.on("close", () => resolve(false));
    });
  }

  async ready(): Promise<void> {
    const timeout = wait(READY_WITHIN_MS, false, { ref: false });
    if (!(await Promise.race([this.#isReady, timeout])))
      throw new Error(`the platform did not start: ${this.#said.join("\n")}`);
  }

  /** Ends Node and the runtime at once, wherever they are. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.pid === undefined) return;
    const ended = once(child, "close");
    process.kill(-child.pid, "SIGKILL");
    await ended;
  }

  /** Ends it, and removes its stores. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }

  send(parcels: readonly Parcel[]): Promise<unknown> {
    return this.#call("/parcels", parcels);
  }

  ops<T>(path: string, body?: unknown): Promise<T> {
    return this.#call(`/ops/api${path}`, body);
  }

  job(name: JobObjectName): Promise<JobStatus> {
    return this.ops(`/archive/jobs/${name}`);
  }

  async #call<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}\n${this.#said.join("\n")}`);
    return JSON.parse(text) as T;
  }
}
