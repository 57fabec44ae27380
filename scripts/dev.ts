import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { WORKER_CONFIGS } from "../local/stack.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../src/shared/auth/token.ts";

/** All five Workers under `wrangler dev` on port 8787, with local state kept in .wrangler. Stays up; Ctrl-C ends it. */
const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false", CI: "1" };
const port = process.env.PORT ?? "8787";
const state = ["--persist-to", ".wrangler/state"];

console.log("Starting five Workers, which takes some seconds.");
const migrate = ["d1", "migrations", "apply", "concord", "--local", "-c", "workers/ingest/wrangler.toml", ...state];
const migrated = spawnSync("wrangler", migrate, { env, encoding: "utf8" });
if (migrated.status !== 0) {
  console.error(`The migrations did not apply, so nothing was started.\n${migrated.stdout}${migrated.stderr}`);
  process.exit(1);
}

const configs = WORKER_CONFIGS.flatMap((config) => ["-c", config]);
const dev = spawn("wrangler", ["dev", ...configs, "--port", port, ...state], {
  env,
  stdio: ["inherit", "pipe", "inherit"],
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => dev.kill(signal));
dev.on("exit", (code) => process.exit(code ?? 0));

// Until it is ready wrangler lists every binding of every Worker; that is worth reading only if it never gets there.
const early: string[] = [];
let isReady = false;
dev.on("exit", () => console.error(isReady ? "" : early.join("\n")));
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

A token for GraphQL and the operations API (12 hours, role ops):
  ${await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "12h")}
To sign in to the console as somebody: npx concord token --role operator --as you@example.com
`);
}
