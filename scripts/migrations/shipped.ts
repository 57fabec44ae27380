import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { History } from "../history.ts";

/** What was compared with what has shipped. */
export type Comparison = {
  readonly problems: readonly string[];
  /** Lines that say what could not be compared, and how to compare it. */
  readonly notes: readonly string[];
  /** Names of the migrations that have shipped; `null` if that is not known. */
  readonly shipped: ReadonlySet<string> | null;
};

const JOURNAL = "migrations/meta/_journal.json";

/**
 * Shipped is what the last release has, and what was on main before this change: main is deployed to staging. Those
 * migrations are as git has them, and new ones come behind them.
 */
export function compareWithShipped(history: History, root: string): Comparison {
  const release = history.lastRelease();
  const commits = [release, history.base()].filter((commit) => commit !== null);
  if (commits.length === 0) {
    const why = "this checkout has no earlier commit (a tarball, a shallow clone, or a first commit)";
    return { problems: orderProblems(root), notes: [`Shipped migrations were not compared: ${why}.`], shipped: null };
  }
  const places = commits.map((commit) => compareWith(history, commit, root));
  const notes = history.isWhole()
    ? []
    : [
        "Migrations were not compared with all releases: this clone is shallow. `git fetch --unshallow --tags` brings them.",
      ];
  const problems = new Set([...orderProblems(root), ...places.flatMap((place) => place.problems)]);
  return { problems: [...problems], notes, shipped: new Set(places.flatMap(({ files }) => files)) };
}

function compareWith({ git }: History, commit: string, root: string) {
  const problems: string[] = [];
  const name = /^[0-9a-f]{40}$/.test(commit) ? commit.slice(0, 10) : commit;
  // Git compares what it would commit, so that the line ends of Windows are no change.
  const changed =
    git("diff", "--no-renames", "--name-status", commit, "--", "migrations/*.sql", "migrations/meta") ?? "";
  for (const [, status, path] of changed.matchAll(/^([MDT])\t(.+)$/gm)) {
    if (path === JOURNAL && status === "M") continue;
    const what = status === "D" ? "is gone" : "is not what it was";
    problems.push(
      `${path} has shipped with ${name}, and ${what}. Databases that have it never see the change: put it back (git checkout ${name} -- ${path}), and write another migration.`,
    );
  }
  const files = (git("ls-tree", "--name-only", commit, "migrations/") ?? "")
    .split("\n")
    .filter((path) => path.endsWith(".sql"))
    .map((path) => path.slice("migrations/".length));
  const journal = git("show", `${commit}:${JOURNAL}`);
  if (journal !== null && !isPrefix(entriesOf(journal), readJournal(root)))
    problems.push(`${JOURNAL} changes entries that have shipped with ${name}: entries are only added behind them.`);
  return { problems, files };
}

type Entry = { readonly idx: number; readonly tag: string };
const entriesOf = (journal: string): readonly Entry[] => JSON.parse(journal).entries;
const readJournal = (root: string) => entriesOf(readFileSync(join(root, JOURNAL), "utf8"));
const isPrefix = (before: readonly Entry[], after: readonly Entry[]): boolean =>
  JSON.stringify(after.slice(0, before.length)) === JSON.stringify(before);

/** Numbers go up by one, and the journal of drizzle-kit has the same files in the same order. */
function orderProblems(root: string): string[] {
  const files = migrationFiles(root);
  const misnumbered = files.filter((file, i) => !file.startsWith(`${String(i).padStart(4, "0")}_`));
  const tags = readJournal(root).map(({ tag }) => `${tag}.sql`);
  return [
    ...misnumbered.map((file) => `migrations/${file} is out of order: numbers go up by one, and each is used once.`),
    ...(String(tags) === String(files) ? [] : [`${JOURNAL} and the files of migrations/ do not have the same order.`]),
  ];
}

/** In the order in which wrangler applies them. */
export const migrationFiles = (root: string): readonly string[] =>
  readdirSync(join(root, "migrations"))
    .filter((file) => file.endsWith(".sql"))
    .sort();
