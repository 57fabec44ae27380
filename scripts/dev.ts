import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { watchConsole } from "../local/console.ts";
import { WORKER_CONFIGS } from "../local/stack.ts";
import { ROOT, runTool, toolPath } from "../local/tool.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../src/shared/auth/token.ts";

/**
 * All five Workers under `wrangler dev`, with local state kept in .wrangler. Stays up; Ctrl-C ends it. A change of a
 * Worker, of what it imports or of the console is there a moment later. Each port has a state of its own, so that
 * several may run side by side.
 */
const { values } = parseArgs({ options: { port: { type: "string", default: process.env.PORT ?? "8787" } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error(`--port takes a number from 1 to 65535, not ${values.port}.`);
  process.exit(2);
}

const isFirst = port === 8787;
const folder = isFirst ? ".wrangler/state" : `.wrangler/state-${port}`;
const state = ["--persist-to", folder];
const env = {
  ...process.env,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  // Workers that bind to ours from beside, as examples/dispatch-worker does, look for them in the common registry.
  ...(!isFirst && { WRANGLER_REGISTRY_PATH: `${folder}/registry` }),
  CI: "1",
};

console.log("Starting five Workers, which takes some seconds.");
await watchConsole();
const migrate = ["d1", "migrations", "apply", "concord", "--local", "-c", "workers/ingest/wrangler.toml", ...state];
const migrated = runTool("wrangler", migrate, { env });
if (migrated.status !== 0) {
  console.error(`The migrations did not apply, so nothing was started.\n${migrated.stdout}${migrated.stderr}`);
  process.exit(1);
}

const configs = WORKER_CONFIGS.flatMap((config) => ["-c", config]);
const frontDoor = ["workers/gateway/local.ts", "--compatibility-flags", "service_binding_extra_handlers"];
const ports = ["--port", String(port), "--inspector-port", "0"];
const dev = spawn(process.execPath, [toolPath("wrangler"), "dev", ...frontDoor, ...configs, ...ports, ...state], {
  cwd: ROOT,
  env,
  stdio: ["inherit", "pipe", "inherit"],
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => dev.kill(signal));
dev.on("error", ({ message }) => {
  console.error(`wrangler could not be run: ${message}`);
  process.exit(1);
});

// Until it is ready wrangler lists every binding of every Worker; that is worth reading only if it never gets there.
const early: string[] = [];
let isReady = false;
dev.on("exit", (code) => {
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
  ${await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "12h")}
To sign in to the console as somebody: npx concord token --role operator --as you@example.com
${isFirst ? "" : `The CLI finds it by CONCORD_URL=http://localhost:${port}\n`}`);
}
