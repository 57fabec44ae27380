import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, sep } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** A file that breaks a rule, and how the linter has to name what is wrong with it. */
type Violation = { readonly file: string; readonly text: string; readonly says: string };

const importing = (file: string, target: string, says: string): Violation => {
  const path = posix.relative(posix.dirname(file), target);
  return { file, text: `import "${path.startsWith(".") ? path : `./${path}`}";\n`, says };
};
const holding = (file: string, text: string, says: string): Violation => ({ file, text: `${text}\n`, says });

/** Every folder that has source files, so that none lies outside a rule by its depth. */
const foldersUnder = (root: string): string[] => {
  const files = globSync(`${root}/**/*.{ts,tsx}`, { exclude: ["**/dist/**"] });
  return [...new Set(files.map((file) => dirname(file).split(sep).join("/")))];
};
const inWorkers = foldersUnder("workers");
const inShared = foldersUnder("src/shared");
const ofOwnSources = (folder: string): boolean => !/^src\/shared\/(domain|contracts)(\/|$)/.test(folder);

const ITSELF = "A Worker imports itself and src/shared.";
const CONTRACTS = "Contracts import each other, the domain and zod.";
const DOMAIN = "The domain imports nothing but itself.";
const APART = "The demo and the scripts do not import each other.";
const SQL = "SQL stands in src/shared/repositories only.";
const CYCLE = "This import is part of a cycle.";

const VIOLATIONS: readonly Violation[] = [
  ...inWorkers.flatMap((folder) =>
    ["api", "devices", "dlq", "gateway", "ingest"]
      .filter((worker) => !`${folder}/`.startsWith(`workers/${worker}/`))
      .map((worker) => importing(`${folder}/imports-${worker}.ts`, `workers/${worker}/index.ts`, ITSELF)),
  ),
  importing("workers/ingest/imports-demo.ts", "demo/main.ts", ITSELF),
  holding("workers/dlq/exports-from.ts", 'export { default } from "../api/index.ts";', ITSELF),
  holding("workers/dlq/imports-later.ts", 'await import("../api/index.ts");', ITSELF),
  holding(
    "workers/dlq/imports-a-type.ts",
    'export type Env = import("../api/env.ts").Env;',
    "Import a type at the top, where the rules on imports see it.",
  ),
  ...inShared
    .filter(ofOwnSources)
    .map((folder) =>
      importing(`${folder}/imports-worker.ts`, "workers/api/index.ts", "Shared code imports no Worker."),
    ),
  importing("src/shared/json/imports-samples.ts", "samples/fleet.ts", "Shared code imports src/shared only."),
  importing("src/shared/domain/imports-contract.ts", "src/shared/contracts/parse.ts", DOMAIN),
  importing("src/shared/domain/imports-worker.ts", "workers/api/index.ts", DOMAIN),
  holding("src/shared/domain/imports-library.ts", 'import "zod";', DOMAIN),
  ...foldersUnder("src/shared/contracts").flatMap((folder) => [
    importing(`${folder}/imports-worker.ts`, "workers/api/index.ts", CONTRACTS),
    importing(`${folder}/imports-service.ts`, "src/shared/services/index.ts", CONTRACTS),
    holding(`${folder}/imports-library.ts`, 'import "hono";', CONTRACTS),
  ]),
  ...foldersUnder("src/shared/desk").map((folder) =>
    importing(
      `${folder}/imports-repository.ts`,
      "src/shared/repositories/audit.ts",
      "Repositories import the desk, and not the other way round.",
    ),
  ),
  importing(
    "workers/ingest/imports-protocol.ts",
    "workers/ingest/rest-proxy/v2.ts",
    "What all endpoints share knows no protocol.",
  ),
  importing("demo/imports-script.ts", "scripts/deploy.ts", APART),
  importing("scripts/imports-demo.ts", "demo/main.ts", APART),
  ...["demo/main.ts", "scripts/deploy.ts"].map((target, i) =>
    importing(`local/imports-${i}.ts`, target, "The demo and the scripts import this, and not the other way round."),
  ),
  holding("workers/dlq/asks.ts", 'export const ask = (db: D1Database) => db.prepare("SELECT 1").first();', SQL),
  holding("workers/dlq/runs/makes.ts", "export const TABLE = `\n  CREATE TABLE t (id)`;", SQL),
  holding("src/shared/services/uses-drizzle.ts", 'import "drizzle-orm/d1";', SQL),
  holding(
    "scripts/takes-a-pathname.ts",
    'export const ROOT = new URL("..", import.meta.url).pathname;',
    "Take fileURLToPath, or ROOT of local/tool.ts: a URL's path is no path of a file.",
  ),
  // Types make a circle too.
  holding("workers/ingest/auth/one.ts", 'export type { Two } from "./two.ts";\nexport type One = 1;', CYCLE),
  holding("workers/ingest/auth/two.ts", 'export type { One } from "./one.ts";\nexport type Two = 2;', CYCLE),
];

const ALLOWED: readonly Omit<Violation, "says">[] = [
  importing("workers/dlq/runs/allowed.ts", "workers/dlq/api/letters.ts", ""),
  importing("workers/dlq/runs/allowed-shared.ts", "src/shared/services/index.ts", ""),
  importing("workers/ingest/routes.ts", "workers/ingest/rest-proxy/v2.ts", ""),
  importing("src/shared/domain/allowed.ts", "src/shared/domain/fleet.ts", ""),
  importing("src/shared/contracts/ecobee/allowed.ts", "src/shared/domain/fleet.ts", ""),
  importing("src/shared/repositories/allowed.ts", "src/shared/desk/states.ts", ""),
  holding("src/shared/repositories/allowed-sql.ts", 'import "drizzle-orm";\nexport const ONE = "SELECT 1";', ""),
  holding("src/shared/graphql/schema/device.ts", 'import "./dealer.ts";', ""),
  holding("src/shared/graphql/schema/dealer.ts", 'import "./device.ts";', ""),
];

describe("rules of our own", () => {
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

  it.each(VIOLATIONS)("hold against $file: $says", ({ file, says }) => {
    expect(said.get(file)).toEqual([says]);
  });

  it.each(ALLOWED)("have nothing against $file", ({ file }) => {
    expect(said.get(file)).toBeUndefined();
  });
});
