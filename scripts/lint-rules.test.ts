import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, sep } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** A file that breaks a rule, and what the linter's message must name. */
type Violation = { readonly file: string; readonly text: string; readonly says: string };

const importing = (file: string, target: string, says: string): Violation => {
  const path = posix.relative(posix.dirname(file), target);
  return { file, text: `import "${path.startsWith(".") ? path : `./${path}`}";\n`, says };
};
const holding = (file: string, text: string, says: string): Violation => ({ file, text: `${text}\n`, says });

const WORKERS = ["api", "archive", "devices", "dlq", "gateway", "ingest", "metrics"];

/** Every folder with source files, so that a rule covers each at any depth. */
const foldersUnder = (root: string): string[] => {
  const files = globSync(`${root}/**/*.{ts,tsx}`, { exclude: ["**/dist/**"] });
  return [...new Set(files.map((file) => dirname(file).split(sep).join("/")))];
};
const inWorkers = foldersUnder("workers");
const inConsole = foldersUnder("console");
const inBridge = foldersUnder("bridge");
const inCli = foldersUnder("cli");
const inParity = foldersUnder("parity");
const inBackfill = foldersUnder("backfill");

const ITSELF = "A Worker imports itself and the rooms of src/shared.";
const CONTRACTS = "Contracts import each other, the domain and zod.";
const DOMAIN = "The domain imports nothing but itself.";
const BELOW = "A room imports those below it: see ARCHITECTURE.md.";
const BY_NAME = "What is outside of a room is imported by its room's name, and nothing is outside of src/shared.";
const CONSOLE = "The console imports itself, and of src/shared what holds no store and no validator.";
const GRAPHIQL = "GraphiQL's page imports itself: it is a client as any other.";
const BRIDGE =
  "The bridge runs beside other people's Kafka: it imports itself, the command line, and the rooms of src/shared.";
const BACKFILL =
  "A backfill runs beside other people's warehouse: it imports itself, how the bridge delivers, the command line, and the rooms of src/shared.";
const PARITY =
  "A comparison knows two GraphQL endpoints: it imports itself, how the bridge reads secrets, the command line, and the rooms of src/shared.";
const CLI = "The command line is installed elsewhere: how Concord is deployed is no part of it.";
const DEPLOY = "All commands of deploy/ use this, and it knows none of them.";
const APART = "The demo, the story and the scripts do not import each other.";
const ENTRY = "An entry point of the SDK is a table of contents of the rooms that a service outside may have.";
const START = "The package of the command line starts it, and holds nothing of it.";
const SQL = "SQL stands in repositories only.";
const CYCLE = "This import is part of a cycle.";

/**
 * From the bottom up: each room, with one above it that it may not import. `imports` of package.json has all of them.
 */
const ABOVE: Readonly<Record<string, string>> = {
  base: "domain",
  json: "domain",
  auth: "queue",
  client: "base",
  queue: "archive",
  archive: "letters",
  produce: "letters",
  letters: "services",
  ops: "repositories",
  repositories: "objects",
  objects: "telemetry",
  telemetry: "services",
  services: "graphql",
  testing: "graphql",
  graphql: "letters",
};
const folderOfRoom = (room: string): string[] => foldersUnder(`src/shared/${room}`);

const VIOLATIONS: readonly Violation[] = [
  ...inWorkers.flatMap((folder) =>
    WORKERS.filter((worker) => !`${folder}/`.startsWith(`workers/${worker}/`)).map((worker) =>
      importing(`${folder}/imports-${worker}.ts`, `workers/${worker}/index.ts`, ITSELF),
    ),
  ),
  importing("workers/ingest/imports-demo.ts", "demo/main.ts", ITSELF),
  importing("workers/ingest/imports-deploy.ts", "deploy/secrets.ts", ITSELF),
  importing("workers/ingest/imports-shared.ts", "src/shared/domain/fleet.ts", ITSELF),
  holding("workers/dlq/exports-from.ts", 'export { default } from "../api/index.ts";', ITSELF),
  holding("workers/dlq/imports-later.ts", 'await import("../api/index.ts");', ITSELF),
  holding(
    "workers/dlq/imports-a-type.ts",
    'export type Env = import("../api/env.ts").Env;',
    "Import a type at the top, where the rules on imports see it.",
  ),
  ...inConsole.flatMap((folder) => [
    importing(`${folder}/imports-worker.ts`, "workers/dlq/index.ts", CONSOLE),
    holding(`${folder}/imports-repository.ts`, 'import "#repositories/audit.ts";', CONSOLE),
  ]),
  ...Object.entries(ABOVE).flatMap(([room, above]) =>
    folderOfRoom(room).flatMap((folder) => [
      holding(`${folder}/imports-above.ts`, `import "#${above}/any.ts";`, BELOW),
      importing(`${folder}/imports-by-path.ts`, "src/shared/domain/event.ts", BY_NAME),
      importing(`${folder}/imports-worker.ts`, "workers/api/index.ts", BY_NAME),
      importing(`${folder}/imports-samples.ts`, "samples/fleet.ts", BY_NAME),
      importing(`${folder}/imports-deploy.ts`, "deploy/secrets.ts", BY_NAME),
    ]),
  ),
  holding("src/shared/letters/imports-repository.ts", 'import "#repositories/audit.ts";', BELOW),
  importing("src/shared/domain/imports-contract.ts", "src/shared/contracts/parse.ts", DOMAIN),
  holding("src/shared/domain/imports-room.ts", 'import "#base/digest.ts";', DOMAIN),
  importing("src/shared/domain/imports-worker.ts", "workers/api/index.ts", DOMAIN),
  holding("src/shared/domain/imports-library.ts", 'import "zod";', DOMAIN),
  ...foldersUnder("src/shared/contracts").flatMap((folder) => [
    importing(`${folder}/imports-worker.ts`, "workers/api/index.ts", CONTRACTS),
    holding(`${folder}/imports-service.ts`, 'import "#services/index.ts";', CONTRACTS),
    holding(`${folder}/imports-library.ts`, 'import "hono";', CONTRACTS),
  ]),
  importing("src/shared/domain/some.test.ts", "workers/api/index.ts", "Shared code imports no Worker."),
  importing(
    "workers/ingest/imports-protocol.ts",
    "workers/ingest/rest-proxy/v2.ts",
    "What all endpoints share knows no protocol.",
  ),
  ...["archive", "base", "json", "letters", "objects", "ops", "queue", "telemetry", "graphql"].map((room) =>
    holding(`packages/sdk/src/exports-${room}.ts`, `export * from "#${room}/any.ts";`, ENTRY),
  ),
  importing("packages/sdk/src/imports-by-path.ts", "src/shared/domain/event.ts", ENTRY),
  importing("packages/sdk/src/imports-worker.ts", "workers/api/entrypoints.ts", ENTRY),
  importing("packages/cli/src/imports-command.ts", "cli/commands/token.ts", START),
  importing("packages/cli/src/imports-bridge.ts", "bridge/bridge.ts", START),
  holding("packages/cli/src/imports-library.ts", 'import "zod";', START),
  ...["account", "command"].flatMap((room) =>
    ["provision/provision", "rollout/plan", "smoke/smoke", "tables/derive"].map((path) =>
      importing(`deploy/${room}/imports-${path.split("/")[0]}.ts`, `deploy/${path}.ts`, DEPLOY),
    ),
  ),
  ...inBridge.flatMap((folder) => [
    importing(`${folder}/imports-worker.ts`, "workers/ingest/routes.ts", BRIDGE),
    importing(`${folder}/imports-samples.ts`, "samples/generate.ts", BRIDGE),
    holding(
      `${folder}/imports-store.ts`,
      'import "#repositories/audit.ts";',
      "The bridge knows the boundary, and nothing behind it.",
    ),
  ]),
  ...inCli.map((folder) => importing(`${folder}/imports-deploy.ts`, "deploy/secrets.ts", CLI)),
  importing("bridge/imports-deploy.ts", "deploy/secrets.ts", BRIDGE),
  importing("backfill/imports-deploy.ts", "deploy/secrets.ts", BACKFILL),
  importing("parity/imports-deploy.ts", "deploy/secrets.ts", PARITY),
  ...inBackfill.flatMap((folder) => [
    importing(`${folder}/imports-worker.ts`, "workers/ingest/routes.ts", BACKFILL),
    importing(`${folder}/imports-samples.ts`, "samples/generate.ts", BACKFILL),
    holding(
      `${folder}/imports-store.ts`,
      'import "#repositories/audit.ts";',
      "A backfill knows the boundary, and nothing behind it.",
    ),
  ]),
  ...inParity.flatMap((folder) => [
    importing(`${folder}/imports-worker.ts`, "workers/api/index.ts", PARITY),
    importing(`${folder}/imports-samples.ts`, "samples/generate.ts", PARITY),
    holding(
      `${folder}/imports-schema.ts`,
      'import "#graphql/schema/index.ts";',
      "A comparison sees of Concord what a client of its GraphQL API sees.",
    ),
  ]),
  importing("demo/imports-script.ts", "scripts/check.ts", APART),
  importing("story/imports-script.ts", "scripts/check.ts", APART),
  importing("scripts/imports-demo.ts", "demo/main.ts", APART),
  importing("scripts/imports-story.ts", "story/main.ts", APART),
  ...["demo/main.ts", "story/main.ts", "scripts/check.ts"].map((target, i) =>
    importing(
      `local/imports-${i}.ts`,
      target,
      "The demo, the story and the scripts import this, and not the other way round.",
    ),
  ),
  holding("workers/dlq/asks.ts", 'export const ask = (db: D1Database) => db.prepare("SELECT 1").first();', SQL),
  holding("workers/dlq/runs/makes.ts", "export const TABLE = `\n  CREATE TABLE t (id)`;", SQL),
  holding("src/shared/services/uses-drizzle.ts", 'import "drizzle-orm/d1";', SQL),
  holding(
    "scripts/takes-a-pathname.ts",
    'export const ROOT = new URL("..", import.meta.url).pathname;',
    "Take fileURLToPath, or ROOT of local/tool.ts: a URL's path is no path of a file.",
  ),
  // Type imports make a cycle too.
  importing("graphiql/imports-a-room.ts", "src/shared/base/base64.ts", GRAPHIQL),
  holding("graphiql/imports-a-room-by-name.ts", 'import "#base/base64.ts";', GRAPHIQL),
  holding("workers/ingest/auth/one.ts", 'export type { Two } from "./two.ts";\nexport type One = 1;', CYCLE),
  holding("workers/ingest/auth/two.ts", 'export type { One } from "./one.ts";\nexport type Two = 2;', CYCLE),
];

const ALLOWED: readonly Omit<Violation, "says">[] = [
  importing("workers/dlq/runs/allowed.ts", "workers/dlq/ops/letters.ts", ""),
  holding("workers/dlq/runs/allowed-shared.ts", 'import "#services/index.ts";', ""),
  importing("workers/ingest/routes.ts", "workers/ingest/rest-proxy/v2.ts", ""),
  importing("src/shared/domain/allowed.ts", "src/shared/domain/fleet.ts", ""),
  holding("src/shared/contracts/ecobee/allowed.ts", 'import "#domain/fleet.ts";', ""),
  holding("src/shared/repositories/allowed.ts", 'import "#letters/states.ts";', ""),
  holding("src/shared/letters/repositories/allowed.ts", 'import "#repositories/tables.ts";\nimport "drizzle-orm";', ""),
  holding("console/pages/allowed.tsx", 'import "#letters/states.ts";', ""),
  holding("src/shared/repositories/allowed-sql.ts", 'import "drizzle-orm";\nexport const ONE = "SELECT 1";', ""),
  holding("packages/sdk/src/allowed.ts", 'export * from "#contracts/index.ts";', ""),
  importing("packages/cli/src/allowed.ts", "cli/concord.ts", ""),
  holding("src/shared/graphql/schema/device.ts", 'import "./dealer.ts";', ""),
  holding("src/shared/graphql/schema/dealer.ts", 'import "./device.ts";', ""),
];

describe("the import rules", () => {
  it("know every room of src/shared", () => {
    const rooms = readdirSync("src/shared", { withFileTypes: true }).flatMap((each) =>
      each.isDirectory() ? each.name : [],
    );
    const { imports } = JSON.parse(readFileSync("package.json", "utf8")) as { imports: Record<string, string> };
    expect(Object.keys(imports)).toEqual(rooms.sort().map((room) => `#${room}/*`));
    expect(rooms.filter((room) => !["domain", "contracts"].includes(room))).toEqual(Object.keys(ABOVE).sort());
  });

  const copy = mkdtempSync(join(tmpdir(), "concord-imports-"));
  afterAll(() => rmSync(copy, { recursive: true, force: true }));
  const said = new Map<string, string[]>();

  beforeAll(() => {
    for (const each of ["biome.jsonc", "lint"]) cpSync(each, join(copy, each), { recursive: true });
    for (const { file, text } of [...VIOLATIONS, ...ALLOWED]) {
      mkdirSync(join(copy, dirname(file)), { recursive: true });
      writeFileSync(join(copy, file), text);
    }
    const report = join(copy, "report.json");
    const biome = join(process.cwd(), "node_modules/@biomejs/biome/bin/biome");
    const options = ["--vcs-enabled=false", "--reporter=json", `--reporter-file=${report}`, "--max-diagnostics=none"];
    const { error } = spawnSync(process.execPath, [biome, "lint", ...options, "."], { cwd: copy });
    if (error) throw error;
    type Report = { diagnostics: { message: string; severity: string; location: { path: string } }[] };
    for (const { message, severity, location } of (JSON.parse(readFileSync(report, "utf8")) as Report).diagnostics) {
      if (severity !== "error") continue;
      const file = location.path.replaceAll("\\", "/");
      said.set(file, [...(said.get(file) ?? []), message]);
    }
  });

  it.each(VIOLATIONS)("refuse $file: $says", ({ file, says }) => {
    expect(said.get(file)).toEqual([says]);
  });

  it.each(ALLOWED)("allow $file", ({ file }) => {
    expect(said.get(file)).toBeUndefined();
  });
});
