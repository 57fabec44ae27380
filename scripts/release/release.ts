import { join } from "node:path";
import { ROOT, runTool } from "../../local/tool.ts";
import { historyOf } from "../history.ts";
import { type Changes, changesSince, describeChanges, leastBump } from "./changes.ts";
import { strayVersions, versionOf, writeVersion } from "./edit.ts";
import { bumpBetween, isLess, nextVersion } from "./version.ts";

export type ReleaseOptions = {
  /** `minor`, `patch`, `major`, or a version as `0.2.0`. */
  readonly wanted: string;
  /** The checkout that is released. */
  readonly root: string;
  /** Why the contracts may not be released: sentences. */
  readonly contractProblems: readonly string[];
};

export type Plan = {
  readonly version: string;
  readonly tag: string;
  /** What the release brings, for its tag and its notes. */
  readonly about: string;
  /** Why the step is great enough. */
  readonly why: string;
  /** Why it may not be released: sentences, none if it may. */
  readonly refusals: readonly string[];
};

/** Reads and compares, and changes nothing. @throws Error for a version that is none, or a history that is not there */
export async function planRelease({ wanted, root, contractProblems }: ReleaseOptions): Promise<Plan> {
  const history = historyOf(root);
  if (history.git("rev-parse", "HEAD") === null) {
    throw new Error(
      "A release is made from commits, and this checkout has none: clone the repository. Nothing was done.",
    );
  }
  const last = history.lastRelease();
  const version = nextVersion(versionOf(root), wanted);
  const tag = `v${version}`;
  const changes = last === null ? null : await changesSince(last, history, root);
  const { why, problem } = judgeStep(last, version, changes);
  const refusals = [
    ...stateProblems(history, tag),
    ...strayVersions(root),
    ...(problem === undefined ? [] : [problem]),
    ...(changes?.schema.breaking ?? []).map(
      ({ message }) =>
        `schema.graphql breaks queries: ${message}. Deprecate it first, or write the message and a reason into schema-breaks.txt.`,
    ),
    ...contractProblems,
  ];
  const about = changes ? describeChanges(changes) : "The first release.";
  return { version, tag, about, why, refusals };
}

function stateProblems({ git, isWhole }: ReturnType<typeof historyOf>, tag: string): string[] {
  const branch = git("rev-parse", "--abbrev-ref", "HEAD");
  return [
    ...(git("status", "--porcelain") === ""
      ? []
      : ["The tree has changes that are not committed: commit or stash them."]),
    ...(branch === "main" ? [] : [`This is ${branch}: releases are made on main, which is what staging runs.`]),
    ...(git("rev-parse", "--verify", "--quiet", `refs/tags/${tag}`) === null ? [] : [`${tag} is released already.`]),
    ...(isWhole() ? [] : ["This clone is shallow, so the last release is not known: git fetch --unshallow --tags"]),
  ];
}

function judgeStep(last: string | null, version: string, changes: Changes | null) {
  if (last === null || changes === null) return { why: "it is the first release" };
  const previous = last.slice(1);
  const step = bumpBetween(previous, version);
  const { bump, why } = leastBump(previous, changes);
  if (step === undefined) return { why, problem: `${version} does not come after ${previous}, the last release.` };
  if (!isLess(step, bump)) return { why };
  return {
    why,
    problem: `${version} is a ${step} step, and this needs a ${bump} one: ${why}. Run it with --version ${bump}.`,
  };
}

/** The notes of a release that is not tagged yet. */
export const notesOf = ({ tag, about }: Plan, root: string): string =>
  cliff(root, ["--unreleased", "--tag", tag, "--with-tag-message", about, "--strip", "all"]);

/** Writes versions and CHANGELOG.md, commits and tags. Nothing is pushed. @throws Error that says how to undo what was done */
export function makeRelease({ version, tag, about }: Plan, root: string): void {
  const history = historyOf(root);
  const git = (...args: string[]): void => {
    if (history.git(...args) === null)
      throw new Error(`git ${args[0]} failed. \`git reset --hard\` undoes what was written.`);
  };
  writeVersion(version, history, root);
  cliff(root, ["--tag", tag, "--with-tag-message", about, "--output", "CHANGELOG.md"]);
  git("add", "--all");
  git("commit", "--quiet", "--message", `release: ${version}`);
  git("tag", "--annotate", "--message", about, tag);
}

function cliff(root: string, args: readonly string[]): string {
  const { status, stdout, stderr } = runTool("git-cliff", ["--config", join(ROOT, "cliff.toml"), ...args], {
    cwd: root,
  });
  if (status !== 0) throw new Error(`git-cliff failed, and nothing was committed: ${stderr}`);
  return stdout.trim();
}
