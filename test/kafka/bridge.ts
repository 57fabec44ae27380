import { join } from "node:path";
import { ROOT } from "../../local/tool.ts";
import { begin, type Child, until } from "../peers/children.ts";

/** A line of a bridge's log. */
export type Line = { readonly level: string; readonly event: string; readonly message: string } & Readonly<
  Record<string, unknown>
>;

export type BridgeOptions = {
  readonly url: URL;
  readonly brokers: string;
  readonly group: string;
  /** Further options of the command line, without dashes. */
  readonly options?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly once?: boolean;
  readonly onLine?: (line: Line) => void;
};

/** What runs the bridges: the sources, unless the package is tried on the Node that it promises to run on. */
export const command = { node: process.execPath, program: join(ROOT, "cli", "main.mjs") };

/** `concord bridge` as a process of its own. */
export class Bridge {
  readonly lines: Line[] = [];
  readonly #child: Child;
  #exit: number | "killed" | undefined;

  constructor({ url, brokers, group, options = {}, env = {}, once = false, onLine }: BridgeOptions) {
    const given = {
      url: url.origin,
      brokers,
      group,
      "client-id": group,
      "http-port": "0",
      "log-format": "json",
      "log-level": "debug",
      ...options,
    };
    const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
    const program = [command.program, "bridge", ...args, ...(once ? ["--once"] : [])];
    const { CONCORD_URL: _, ...inherited } = process.env;
    this.#child = begin(command.node, program, { env: { ...inherited, CONCORD_CREDENTIAL: "dev:dev", ...env } });
    const { process: running } = this.#child;
    let rest = "";
    for (const stream of [running.stdout, running.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        for (const text of lines) this.#take(text, onLine);
      });
    }
    running.once("exit", (code) => {
      this.#exit = code ?? "killed";
    });
  }

  /** As a machine that loses power. */
  kill(): void {
    this.#child.process.kill("SIGKILL");
  }

  /** By SIGTERM. @returns its exit code @throws Error if it does not end */
  async stop(): Promise<number | "killed"> {
    this.#child.process.kill("SIGTERM");
    return this.ended(30);
  }

  /** @throws Error with the end of its log */
  async ended(seconds: number): Promise<number | "killed"> {
    await until(
      "the bridge to end",
      async () => this.#exit !== undefined,
      seconds,
      () => this.log(),
    );
    return this.#exit as number | "killed";
  }

  until(what: string, holds: () => boolean, seconds: number): Promise<void> {
    return until(
      what,
      async () => holds(),
      seconds,
      () => this.log(),
    );
  }

  waitFor(event: string, seconds: number): Promise<void> {
    return this.until(event, () => this.of(event).length > 0, seconds);
  }

  of(event: string): Line[] {
    return this.lines.filter((line) => line.event === `bridge.${event}`);
  }

  log(): string {
    return this.#child.log();
  }

  #take(text: string, onLine: ((line: Line) => void) | undefined): void {
    if (!text.startsWith("{")) return;
    const line = JSON.parse(text) as Line;
    this.lines.push(line);
    onLine?.(line);
  }
}
