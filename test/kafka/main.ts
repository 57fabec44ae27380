import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "../../local/clients.ts";
import { startStack } from "../../local/stack.ts";
import { buildCli, CLI_PACKAGE } from "../../scripts/cli/build.ts";
import { node20InPath } from "../../scripts/cli/node-20.ts";
import { tool } from "../peers/build.ts";
import { kafkaJars, startBroker } from "../peers/kafka/broker.ts";
import { command } from "./bridge.ts";
import { connectCluster } from "./cluster.ts";
import type { Scenario, Setting } from "./scenario.ts";
import { account } from "./scenarios/account.ts";
import { gap, pattern, security, start } from "./scenarios/positions.ts";

/**
 * Runs bridges between a real broker and all Workers: `npm run test:kafka -- [scenario…] [--seed N] [--events N]`,
 * and with `--package` the compiled command line on a Node 20.
 * Without Java, Maven or its registry nothing can be run, which is said and is no failure.
 */
const SCENARIOS: Readonly<Record<string, Scenario>> = { gap, start, pattern, security, account };

const { values, positionals } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    events: { type: "string", default: "20000" },
    package: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const [seed, events] = [Number(values.seed), Number(values.events)];
const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
const unknown = names.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0 || !Number.isInteger(seed) || !(events >= 100)) {
  console.error(`Scenarios are ${Object.keys(SCENARIOS).join(", ")}; --seed is a whole number, --events at least 100.`);
  process.exit(2);
}

if (values.package) {
  await buildCli();
  Object.assign(command, { node: node20InPath() ?? command.node, program: join(CLI_PACKAGE, "dist/bin/concord.js") });
  console.log(`${command.program}, run by ${command.node}`);
}

/** By default a KIP-848 group waits 45 s for a member that was killed. */
const SHORT_SESSIONS = ["", "min."].flatMap((bound) => [
  `group.consumer.${bound}session.timeout.ms=6000`,
  `group.consumer.${bound}heartbeat.interval.ms=1000`,
]);

const counts = { passed: 0, failed: 0, skipped: 0 };
const jars = await kafkaJars();
if ("missing" in jars) {
  counts.skipped = names.length;
  console.log(`- skipped, there is no Kafka on this machine. ${jars.missing}`);
} else {
  await runAll(jars.folder);
}
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);

async function runAll(folder: string): Promise<void> {
  const startedAt = performance.now();
  const say = (text: string) => {
    console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  };
  const secrets = mkdtempSync(join(tmpdir(), "concord-kafka-"));
  const user = { name: "alice", password: "alice-secret" };
  const keys = await keyPair(secrets);
  const broker = await startBroker(folder, {
    autoCreate: false,
    user,
    ...(keys && { keyStore: keys.store }),
    // The samples are of a year that is long over.
    properties: [...SHORT_SESSIONS, "log.retention.ms=-1"],
  });
  const stack = await startStack();
  const cluster = await connectCluster(broker);
  say("a broker and all Workers are up");
  try {
    const clients = await connect(stack.url);
    const setting = { stack, clients, broker, cluster, user, certificate: keys?.certificate, seed, events, say };
    for (const name of names) await runOne(name, setting);
  } finally {
    await cluster.close();
    await broker.stop();
    await stack.stop();
    rmSync(secrets, { recursive: true });
  }
}

async function runOne(name: string, setting: Setting): Promise<void> {
  const startedAt = performance.now();
  console.log(`\n${name}, seed ${seed}`);
  try {
    const seen = await (SCENARIOS[name] as Scenario)(setting);
    console.log(`✓ ${name}, ${Math.round((performance.now() - startedAt) / 1000)} s: ${seen}`);
    counts.passed += 1;
  } catch (error) {
    counts.failed += 1;
    console.error(`✗ ${name}: ${error instanceof Error ? error.message : error}`);
  }
}

/** A key and a certificate for `localhost`, if there is openssl. */
async function keyPair(folder: string): Promise<{ readonly store: string; readonly certificate: string } | undefined> {
  const [key, certificate, store] = ["key.pem", "certificate.pem", "store.pem"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", key, "-out", certificate];
  const made = await tool(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files],
    {
      seconds: 30,
    },
  );
  if (made.code !== 0) return undefined;
  writeFileSync(store, readFileSync(key, "utf8") + readFileSync(certificate, "utf8"));
  return { store, certificate };
}
