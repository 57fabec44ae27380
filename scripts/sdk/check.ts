import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSdk, SDK } from "./build.ts";
import { runSdkTool } from "./npm.ts";
import { packPackage } from "./pack.ts";

/**
 * `npm run sdk:check`: whether concord-sdk is a package as it should be. Builds it, then asks publint and
 * arethetypeswrong about what would be published, and typedoc for exports without a docstring. All of them run, so that
 * one run names everything.
 */
const scratch = mkdtempSync(join(tmpdir(), "concord-sdk-"));
try {
  buildSdk();
  const checks: Readonly<Record<string, () => void>> = {
    publint: () => runSdkTool("publint/src/cli.js", [".", "--strict"], SDK),
    // ES modules only, as Workers are; `require` of such a package works from Node 20.19 on.
    types: () => runSdkTool("@arethetypeswrong/cli/dist/index.js", ["--profile", "esm-only", packed()], SDK),
    docstrings: () => runSdkTool("typedoc/bin/typedoc", ["--emit", "none", "--treatWarningsAsErrors"], SDK),
  };
  const failed = Object.entries(checks).filter(([name, check]) => !passes(name, check));
  process.exitCode = failed.length > 0 ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function packed(): string {
  return packPackage(SDK, scratch);
}

function passes(name: string, check: () => void): boolean {
  try {
    check();
    console.log(`✓ ${name}`);
    return true;
  } catch (thrown) {
    console.error(`✗ ${name}: ${(thrown as Error).message}`);
    return false;
  }
}
