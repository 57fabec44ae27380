import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../local/tool.ts";
import { MUTANTS, type Mutant } from "../test/guarantees/mutants.ts";
import { copyRepository } from "./copy-repository.ts";

/**
 * `npm run mutants`: breaks the code in a scratch copy of the repository, one guarantee at a time, and checks that
 * exactly the test of that guarantee fails.
 */
const scratch = mkdtempSync(join(tmpdir(), "concord-mutants-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

/** Far longer than a run takes, even if a mutant makes every test run into its own timeout. */
const RUN_TIMEOUT_MS = 5 * 60_000;

/** The names of the guarantees' tests that passed, and of those that failed. */
type Run = { readonly passed: readonly string[]; readonly failed: readonly string[] };

/** @throws Error if the tests could not be run at all */
function runGuarantees(): Run {
  const output = join(scratch, "mutants.json");
  rmSync(output, { force: true });
  const vitest = join(scratch, "node_modules/vitest/vitest.mjs");
  const options = ["run", "--project", "guarantees", "--reporter=json", `--outputFile=${output}`];
  const { stdout, stderr, error } = spawnSync(process.execPath, [vitest, ...options], {
    cwd: scratch,
    encoding: "utf8",
    timeout: RUN_TIMEOUT_MS,
  });
  if (!existsSync(output)) throw new Error(`vitest gave no report: ${error?.message ?? ""}\n${stdout}${stderr}`);
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as {
    testResults: { message: string; assertionResults: { title: string; status: string }[] }[];
  };
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  if (tests.length === 0) throw new Error(`no test was run:\n${testResults.map(({ message }) => message).join("\n")}`);
  const titles = (isPassed: boolean) =>
    tests.filter(({ status }) => (status === "passed") === isPassed).map(({ title }) => title);
  return { passed: titles(true), failed: titles(false) };
}

/** Runs the tests over the mutated copy. @throws Error if the text to replace does not occur exactly once */
function runOver({ file, find, replace }: Mutant): Run {
  const path = join(scratch, file);
  const original = readFileSync(path, "utf8");
  const places = original.split(find).length - 1;
  if (places !== 1) throw new Error(`${file} holds the text to replace ${places} times, not once:\n${find}`);
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  try {
    return runGuarantees();
  } finally {
    writeFileSync(path, original);
  }
}

const isOf = (guarantee: string) => (title: string) => title.startsWith(`${guarantee}: `);

/** The result for a mutant: one word, or the other tests that failed too. */
function verdictOn({ guarantee }: Mutant, { passed, failed }: Run, all: readonly string[]): string {
  if (passed.length + failed.length !== all.length) return `only ${passed.length + failed.length} tests were run`;
  if (failed.length === 0) return "survived";
  const others = failed.filter((title) => !isOf(guarantee)(title)).map((title) => title.split(":")[0]);
  const isCaught = others.length < failed.length;
  if (others.length === 0) return CAUGHT;
  return `${isCaught ? "caught, but failed" : "missed by its own test, failed"} ${others.join(", ")} as well`;
}

const CAUGHT = "caught";

/** Another guarantee's test counts as failed if it fails twice: on a busy machine one may run into its timeout. */
function runTwiceIfNeeded(mutant: Mutant): Run {
  const first = runOver(mutant);
  const isOwn = isOf(mutant.guarantee);
  if (first.failed.every(isOwn)) return first;
  const second = runOver(mutant);
  const isSpared = (title: string) => !isOwn(title) && second.passed.includes(title);
  return {
    passed: [...first.passed, ...first.failed.filter(isSpared)],
    failed: first.failed.filter((title) => !isSpared(title)),
  };
}

copyRepository(scratch);
symlinkSync(join(ROOT, "node_modules"), join(scratch, "node_modules"), "junction");
const intact = runGuarantees();
if (intact.failed.length > 0) {
  console.error(`The code as it is fails already:\n${intact.failed.join("\n")}`);
  process.exit(1);
}
console.log(`${intact.passed.length} guarantees hold as the code is`);
const rows = MUTANTS.map((mutant) => {
  const startedAtMs = Date.now();
  const verdict = verdictOn(mutant, runTwiceIfNeeded(mutant), intact.passed);
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  console.log(`${mutant.guarantee} ${verdict} in ${seconds} s: ${mutant.says}`);
  return { guarantee: mutant.guarantee, verdict, file: mutant.file, mutation: mutant.says };
});
const unheld = intact.passed.filter((title) => !MUTANTS.some(({ guarantee }) => isOf(guarantee)(title)));
for (const title of unheld) console.error(`No mutant breaks ${title}`);
console.table(rows);
const caught = rows.filter(({ verdict }) => verdict === CAUGHT).length;
console.log(`${caught} of ${MUTANTS.length} mutants were caught by exactly their own test`);
process.exitCode = caught === MUTANTS.length && unheld.length === 0 ? 0 : 1;
