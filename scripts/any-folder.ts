import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ROOT, toolPath } from "../local/tool.ts";
import { copyRepository } from "./copy-repository.ts";

/**
 * Runs everything that one does in a checkout in one whose folder is called "my projects ü": the checks, development,
 * tests, the bench and a deployment, all as short as they can be. `npm run folder:check`.
 */
const scratch = mkdtempSync(join(tmpdir(), "concord-folder-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const folder = join(scratch, "my projects ü", "concord");
copyRepository(folder);
// Packages have to be in the folder too: through a link their files would have the paths that they have here.
linkTree("node_modules");

const TESTS = ["scripts/lint-rules.test.ts", "test/workers/dlq/readiness.test.ts", "test/flow/health.test.ts"];
const STEPS: Readonly<Record<string, readonly string[]>> = {
  check: ["scripts/check.ts"],
  dev: ["scripts/dev-check.ts", "--changes-files"],
  tests: [relative(ROOT, toolPath("vitest")), "run", ...TESTS],
  bench: ["bench/main.ts", "live", "--devices", "2", "--sockets", "2", "--screens", "1", "--rounds", "2"],
  deploy: ["deploy/rollout/main.ts", "--env", "staging", "--dry-run"],
};

/** A step takes less than a minute; one that hangs is named and ended. */
const PATIENCE_MS = 240_000;

const failed = Object.entries(STEPS).filter(([name, args]) => {
  console.log(`\n${name}, in ${folder}`);
  const began = performance.now();
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, PWD: folder },
    stdio: ["ignore", "inherit", "inherit"],
    timeout: PATIENCE_MS,
  });
  if (error) console.error(error.message);
  console.log(`${status === 0 ? "✓" : "✗"} ${name}, ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  return status !== 0;
});
if (failed.length > 0) console.error(`\nfailed: ${failed.map(([name]) => name).join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** Links the same files under other names, which takes no time; copies them if the disk is another. */
function linkTree(path: string): void {
  const target = join(folder, path);
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(join(ROOT, path), { withFileTypes: true })) {
    const [from, to] = [join(ROOT, path, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) linkTree(join(path, entry.name));
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else linkOrCopy(from, to);
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
