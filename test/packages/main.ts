import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { signToken } from "#auth/token.ts";
import { startStack } from "../../local/stack.ts";
import { ROOT, toolPath } from "../../local/tool.ts";
import { buildCli, CLI_PACKAGE } from "../../scripts/cli/build.ts";
import { buildSdk, SDK } from "../../scripts/sdk/build.ts";
import { sdkToolPath } from "../../scripts/sdk/npm.ts";
import { packPackage } from "../../scripts/sdk/pack.ts";
import { hasBrowser, launch } from "../console/browser.ts";
import { cliSteps } from "./cli.ts";
import { type Dependencies, installIn, nodes, runIn } from "./install.ts";

/**
 * `npm run test:packages`: packs concord-sdk and concord as they would be published, installs them in empty folders
 * outside of the repository, and uses them there: in Node, by two versions of TypeScript, in a Worker, in a browser.
 */
const scratch = mkdtempSync(join(tmpdir(), "concord-packages-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

type Step = { readonly name: string; readonly run: () => unknown; readonly skipped?: string | false };

const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));

buildSdk();
await buildCli();
const sdk = packPackage(SDK, scratch);
const cli = packPackage(CLI_PACKAGE, scratch);
const peers: Dependencies = read(join(SDK, "package.json")).peerDependencies;

const bare = join(scratch, "bare");
const service = join(scratch, "service");
const dispatch = join(scratch, "dispatch");
const commandLine = join(scratch, "cli");

/** Compiles a folder's `check.ts` as a team may have it set up. */
function checkTypes(folder: string, compiler: string, options: readonly string[]): void {
  const strict = ["--strict", "--noEmit", "--target", "es2022", "--exactOptionalPropertyTypes"];
  runIn(folder, process.execPath, [compiler, ...strict, ...options, "check.ts"]);
}

const COMPILERS = { "TypeScript 7": toolPath("typescript"), "TypeScript 6": sdkToolPath("typescript/bin/tsc") };
const NODENEXT = ["--module", "nodenext"];
const BUNDLER = ["--module", "esnext", "--moduleResolution", "bundler"];

const STEPS: readonly Step[] = [
  {
    name: "concord-sdk installs alone",
    run: () => installIn(bare, { dependencies: { "concord-sdk": sdk }, files: "test/packages/bare" }),
  },
  ...nodes().map(({ version, path }) => ({
    name: `its entry points without optional libraries run in Node ${version}`,
    run: () => runIn(bare, path, ["main.mjs"]),
  })),
  ...Object.entries(COMPILERS).flatMap(([name, compiler]) =>
    [NODENEXT, BUNDLER].map((modules) => ({
      name: `their types hold in ${name} with ${modules.at(-1)}, libraries checked, without any of Cloudflare's`,
      run: () => checkTypes(bare, compiler, [...modules, "--lib", "es2022,dom"]),
    })),
  ),
  {
    name: "concord-sdk installs with every library beside it",
    run: () => installIn(service, { dependencies: { ...peers, "concord-sdk": sdk }, files: "test/packages/service" }),
  },
  ...nodes().map(({ version, path }) => ({
    name: `all its entry points load in Node ${version}, and repositories read`,
    run: () => runIn(service, path, ["main.mjs"]),
  })),
  ...Object.entries(COMPILERS).map(([name, compiler]) => ({
    name: `repositories and services have their types in ${name}`,
    run: () =>
      checkTypes(service, compiler, [
        ...NODENEXT,
        "--lib",
        "es2022",
        "--types",
        "@cloudflare/workers-types",
        "--skipLibCheck",
      ]),
  })),
  { name: "its maps lead to sources that are in the package", run: checkMaps },
  { name: "the dispatch Worker, copied elsewhere, passes its tests, compiles and answers", run: askDispatchWorker },
  ...["dashboard", "apollo", "urql", "relay"].map((name) => ({
    name: `examples/${name}, copied elsewhere, compiles`,
    run: () => checkExample(name),
  })),
  { name: "a page is bundled without a module of Node", run: bundlePage },
  {
    name: "the page runs in Chromium",
    run: openPage,
    skipped: !hasBrowser && "no Chromium was found: apt-get install -y chromium",
  },
  { name: "concord installs", run: () => installIn(commandLine, { dependencies: { concord: cli } }) },
  ...cliSteps(commandLine, nodes()),
];

function checkMaps(): void {
  const folder = join(bare, "node_modules/concord-sdk/dist/esm");
  for (const file of ["contracts/parse.js.map", "contracts/parse.d.ts.map"]) {
    const [source] = read(join(folder, file)).sources;
    assert.match(readFileSync(join(folder, "contracts", source), "utf8"), /export function parseRecord/);
  }
}

/** The dependencies of an example, with the packed SDK in place of a published one, and without the tools named here. */
function dependenciesOf(example: string, without: readonly string[]): Dependencies {
  const { dependencies, devDependencies } = read(join(ROOT, example, "package.json"));
  const all = { ...dependencies, ...devDependencies, "concord-sdk": sdk };
  return Object.fromEntries(Object.entries<string>(all).filter(([name]) => !without.includes(name)));
}

function checkExample(name: string): void {
  const example = `examples/${name}`;
  // What writes manifests is not needed to compile what it wrote.
  const tools = ["@apollo/generate-persisted-query-manifest", "@graphql-codegen/cli", "relay-compiler", "typescript"];
  const folder = installIn(join(scratch, name), { dependencies: dependenciesOf(example, tools), files: example });
  for (const compiler of Object.values(COMPILERS)) runIn(folder, process.execPath, [compiler, "-p", "."]);
}

async function askDispatchWorker(): Promise<void> {
  // The repository has a wrangler and two TypeScripts already.
  const dependencies = dependenciesOf("examples/dispatch-worker", ["typescript", "wrangler"]);
  installIn(dispatch, { dependencies, files: "examples/dispatch-worker" });
  runIn(dispatch, process.execPath, ["node_modules/vitest/vitest.mjs", "run"]);
  for (const compiler of Object.values(COMPILERS)) runIn(dispatch, process.execPath, [compiler, "-p", "."]);
  const stack = await startStack({ neighbours: [join(dispatch, "wrangler.toml")] });
  try {
    const token = await signToken({ role: "ops" }, LOCAL_TOKEN_KEY, "1h");
    const ask = (Authorization: string) =>
      stack.worker("dispatch").fetch("/visits/elt:t-1", { headers: { Authorization } });
    const answer = await ask(`Bearer ${token}`);
    assert.deepEqual(
      [answer.status, await answer.json()],
      [404, { error: "There is no such device, or none that this token may see." }],
    );
    assert.equal((await ask("")).status, 401);
  } finally {
    await stack.stop();
  }
}

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: readFileSync(join(ROOT, "test/packages/page/main.ts"), "utf8"),
      loader: "ts",
      resolveDir: service,
    },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

async function openPage(): Promise<void> {
  const script = await bundlePage();
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.setContent(
      `<!doctype html><script type="module">${script.replaceAll("</script", "<\\/script")}</script>`,
    );
    await page.waitForFunction("document.title !== ''");
    assert.equal(await page.title(), "applied function function");
  } finally {
    await browser.close();
  }
}

const failed: string[] = [];
for (const { name, run, skipped } of STEPS) {
  if (skipped) {
    console.log(`- ${name}: skipped, ${skipped}`);
    continue;
  }
  const began = performance.now();
  try {
    await run();
    console.log(`✓ ${name}, ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  } catch (thrown) {
    failed.push(name);
    console.error(`✗ ${name}\n${(thrown as Error).message}`);
  }
}
console.log(`\n${STEPS.length - failed.length} of ${STEPS.length} passed or skipped.`);
process.exit(failed.length > 0 ? 1 : 0);
