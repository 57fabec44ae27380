import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readOptions } from "../local/options.ts";

/**
 * `npm run test:changed`: the tests that a change is likely to break, for use while one writes it. The changed files
 * come from git, compared with `--since` (HEAD); vitest finds their tests by imports. Left out is what is slowest: the
 * browser, the flow over HTTP, the simulation and the random walks.
 */
const values = readOptions(
  `npm run test:changed -- [--since HEAD]
The tests that a change is likely to break, without the slow ones.`,
  { since: { type: "string", default: "HEAD" } },
);

const git = (...args: string[]): string[] =>
  execFileSync("git", args, { encoding: "utf8" }).split("\n").filter(Boolean);
const changed = [
  ...git("diff", "--name-only", values.since),
  ...git("ls-files", "--others", "--exclude-standard"),
].filter((file) => /\.tsx?$/.test(file) && existsSync(file));
if (changed.length === 0) {
  console.log(`No TypeScript file has changed since ${values.since}.`);
  process.exit(0);
}

const WORKERS = ["ingest", "devices", "archive", "api", "dlq", "metrics"] as const;
const touched = WORKERS.filter((worker) =>
  changed.some((file) => file.startsWith(`workers/${worker}/`) || file.startsWith(`test/workers/${worker}/`)),
);
// A change of what all Workers share also runs the guarantees, with real handlers over real stores.
const isShared = changed.some((file) => file.startsWith("src/shared/") || file.startsWith("test/guarantees/"));
const projects = ["pure", ...touched, ...(isShared ? ["guarantees"] : [])];
const LEFT_OUT = ["**/tenancy.test.ts", "**/size.test.ts", "**/hostile.test.ts"];

console.log(`${changed.length} files have changed; tests of ${projects.join(", ")}. All others: npm test`);
const { status, error } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    ...["related", "--run", "--passWithNoTests", ...changed],
    ...projects.flatMap((project) => ["--project", project]),
    ...LEFT_OUT.flatMap((glob) => ["--exclude", glob]),
  ],
  { stdio: "inherit" },
);
if (error) console.error(`vitest could not be started: ${error.message}`);
process.exitCode = status ?? 1;
