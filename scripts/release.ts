/**
 * `npm run release -- --version minor` makes a release: one version for the platform and its packages, CHANGELOG.md from the
 * commits, a commit and a tag. It pushes nothing, and prints what does. `--dry-run` shows all of it and changes nothing.
 */
import { readOptions } from "../local/options.ts";
import { ROOT } from "../local/tool.ts";
import { makeRelease, notesOf, planRelease } from "./release/release.ts";
import { contractProblems } from "./released-contracts.ts";

const USAGE = `npm run release -- --version minor|patch|major|x.y.z [--dry-run]
Writes the versions and CHANGELOG.md, commits and tags; pushes nothing. docs/releasing.md.

  --version   the next version, or the step to it
  --dry-run   shows the version, the notes and what prevents it, and changes nothing`;

const values = readOptions(USAGE, {
  version: { type: "string" },
  "dry-run": { type: "boolean", default: false },
});
if (values.version === undefined) {
  console.error(`Say which version.\n\n${USAGE}`);
  process.exit(2);
}

try {
  process.exitCode = await release(values.version, values["dry-run"]);
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 2;
}

async function release(wanted: string, isDryRun: boolean): Promise<number> {
  const plan = await planRelease({ wanted, root: ROOT, contractProblems: contractProblems(Date.now()) });
  console.log(`Version ${plan.version}: ${plan.why}.\n\n${notesOf(plan, ROOT)}\n`);
  for (const refusal of plan.refusals) console.error(`  ✗ ${refusal}`);
  if (plan.refusals.length > 0) {
    console.error("Nothing was released, and no file was changed.");
    return 1;
  }
  if (isDryRun) {
    console.log("A dry run: nothing was written.");
    return 0;
  }
  makeRelease(plan, ROOT);
  console.log(`${plan.tag} is committed and tagged here, and nowhere else.
  publish it   git push --atomic origin main ${plan.tag}
  or undo it   git tag --delete ${plan.tag} && git reset --hard HEAD^`);
  return 0;
}
