import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, toolPath } from "../../local/tool.ts";
import { CommandError } from "../command/command-error.ts";

/** An entry of the file that wrangler writes where `WRANGLER_OUTPUT_FILE_PATH` points: one JSON object a line. */
export type OutputEntry = { readonly type: string; readonly version_id?: string | null };

export type Ran = {
  readonly isDone: boolean;
  readonly stdout: string;
  /** All of its output. */
  readonly said: string;
  readonly entries: readonly OutputEntry[];
};

/** Runs wrangler to its end, with this text as its input. It never asks back: nothing that it runs in is a terminal. */
export type Wrangler = (args: readonly string[], input?: string) => Promise<Ran>;

/** wrangler refused or failed. The message has all that it said. No secret is ever an argument. */
export class WranglerError extends CommandError {
  override readonly name = "WranglerError";

  constructor(args: readonly string[], { said }: Pick<Ran, "said">) {
    super(`wrangler ${args.join(" ")} failed:\n${said.trim()}`);
  }
}

/** The Worker does not exist, or no environment of it: wrangler has no other sign of it than these codes. */
export const isMissingWorker = (said: string): boolean => /\[code: (10007|10090)\]|has no deployments/.test(said);

/** Of our own commands alone. Neither wrangler nor a build that it starts has a use for them. */
const OUR_SECRETS = [
  "CONCORD_ACCESS_CLIENT_SECRET",
  "CONCORD_SMOKE_CREDENTIAL",
  "CONCORD_TOKEN",
  "CONCORD_TOKEN_KEY",
  "CONCORD_TOKEN_SECRET",
] as const;
const WITHOUT_OUR_SECRETS = Object.fromEntries(OUR_SECRETS.map((name) => [name, undefined]));

/**
 * The wrangler of this repository, or the script that `CONCORD_WRANGLER` names.
 * @param variables added to its environment, such as the account
 */
export function installedWrangler(variables: NodeJS.ProcessEnv = {}): Wrangler {
  const script = process.env.CONCORD_WRANGLER ?? toolPath("wrangler");
  return async (args, input = "") => {
    const folder = mkdtempSync(join(tmpdir(), "concord-wrangler-"));
    const entries = join(folder, "entries.ndjson");
    const env = {
      ...process.env,
      ...WITHOUT_OUR_SECRETS,
      ...variables,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_OUTPUT_FILE_PATH: entries,
      // Its own default: in "debug" what we read has other lines between, and without sanitizing it says the secrets.
      WRANGLER_LOG: "log",
      WRANGLER_LOG_SANITIZE: "true",
      NO_COLOR: "1",
      FORCE_COLOR: "0",
    };
    try {
      return { ...(await runScript([script, ...args], input, env)), entries: readEntries(entries) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** In a group of its own: Ctrl-C ends our run after the call that is under way, and not the call in its middle. */
function runScript(command: readonly string[], input: string, env: NodeJS.ProcessEnv) {
  return new Promise<Omit<Ran, "entries">>((resolve, reject) => {
    const child = spawn(process.execPath, command, {
      cwd: ROOT,
      env,
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    let stdout = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ isDone: code === 0, stdout, said }));
    // A program that ends before it has read its input says why itself.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

function readEntries(path: string): OutputEntry[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as OutputEntry);
  } catch (thrown) {
    // Commands that deploy nothing write no file.
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}
