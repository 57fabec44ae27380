import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { signToken } from "#auth/token.ts";
import { watchConsole } from "../local/console.ts";
import { buildGraphiQL } from "../local/graphiql.ts";
import { readOptions } from "../local/options.ts";
import { WORKER_CONFIGS } from "../local/stack.ts";
import { ROOT, runTool, toolPath } from "../local/tool.ts";

/**
 * All Workers under `wrangler dev`, with local state in .wrangler. Runs until Ctrl-C. A change of a Worker, of its
 * imports or of the console is reloaded within seconds. Each port has a state of its own, so that several stacks may
 * run side by side.
 */
const values = readOptions(
  `npm run dev -- [--port 8787]
All Workers on this machine, reloaded when a file changes, until Ctrl-C. Each port has a state of its own.`,
  { port: { type: "string", default: process.env.PORT ?? "8787" } },
);
const port = Number(values.port);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error(`--port takes a number from 1 to 65535, not ${values.port}.`);
  process.exit(2);
}

/** Windows has no groups of processes. */
const HAS_GROUPS = process.platform !== "win32";
/** How long wrangler may take to end. In the middle of a rebuild it sometimes never does. */
const END_WITHIN_MS = 10_000;

const isFirst = port === 8787;
const folder = isFirst ? ".wrangler/state" : `.wrangler/state-${port}`;
const state = ["--persist-to", folder];
const env = {
  ...process.env,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  // Other people's Workers that bind to ours, as examples/dispatch-worker does, look for them in the common registry.
  ...(!isFirst && { WRANGLER_REGISTRY_PATH: `${folder}/registry` }),
  CI: "1",
};

console.log("Starting seven Workers, which takes some seconds.");
await Promise.all([watchConsole(), buildGraphiQL()]);
for (const database of ["concord", "concord-rebuilt"]) {
  const migrate = ["d1", "migrations", "apply", database, "--local", "-c", "workers/archive/wrangler.toml", ...state];
  const migrated = runTool("wrangler", migrate, { env });
  if (migrated.status === 0) continue;
  console.error(`The migrations did not apply, so nothing was started.\n${migrated.stdout}${migrated.stderr}`);
  process.exit(1);
}

const configs = WORKER_CONFIGS.flatMap((config) => ["-c", config]);
const frontDoor = ["workers/gateway/local.ts", "--compatibility-flags", "service_binding_extra_handlers"];
const ports = ["--port", String(port), "--inspector-port", "0"];
const dev = spawn(process.execPath, [toolPath("wrangler"), "dev", ...frontDoor, ...configs, ...ports, ...state], {
  cwd: ROOT,
  env,
  stdio: ["ignore", "pipe", "inherit"],
  // A group of its own, so that it can be ended with its runtimes.
  detached: HAS_GROUPS,
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
dev.on("error", ({ message }) => {
  console.error(`wrangler could not be run: ${message}`);
  process.exit(1);
});

// Until it is ready wrangler lists every binding of every Worker, which is only printed if it never gets ready.
const early: string[] = [];
let isReady = false;
dev.on("exit", (code) => {
  killGroup();
  if (!isReady) console.error(early.join("\n"));
  process.exit(code ?? 0);
});
for await (const line of createInterface({ input: dev.stdout })) {
  if (isReady) console.log(line);
  else early.push(line);
  if (isReady || !line.includes("Ready on")) continue;
  isReady = true;
  console.log(`
Concord on http://localhost:${port}
  Kafka       POST /topics/{topic}     Basic dev:dev
  contracts   GET  /contracts
  GraphQL     /graphql                 Authorization: Bearer $(npx concord token --role ops)
  operations  /ops                     in a browser the console; else what the API has
  cron        curl http://localhost:${port}/cdn-cgi/local/scheduled

A token for GraphQL and the operations API (12 hours, role ops):
  ${await signToken({ role: "ops" }, LOCAL_TOKEN_KEY, "12h")}
To sign in to the console as somebody: npx concord token --role operator --as you@example.com
${isFirst ? "" : `The CLI finds it by CONCORD_URL=http://localhost:${port}\n`}`);
}

function end(signal: NodeJS.Signals): void {
  dev.kill(signal);
  setTimeout(killGroup, END_WITHIN_MS).unref();
}

/** A runtime that outlives wrangler would keep its port, and the pipe that it prints to, open for good. */
function killGroup(): void {
  if (!HAS_GROUPS || dev.pid === undefined) {
    dev.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-dev.pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}
