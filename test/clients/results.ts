import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FEATURES, type Feature } from "./features.ts";

/** What a run has shown of a feature. What has not been shown is not there. */
export type Outcome = { readonly works: string } | { readonly refused: string } | { readonly notOffered: string };

export type Kept = Readonly<
  Record<
    string,
    { readonly versions: Readonly<Record<string, string>>; readonly cells: Readonly<Record<string, Outcome>> }
  >
>;

export type Shown = Record<string, { readonly packages: readonly string[]; cells: Partial<Record<Feature, Outcome>> }>;

const FILE = join(import.meta.dirname, "results.json");

/** With these variables a run writes what it shows into results.json, in place of comparing it. */
export const WRITE_MATRIX = { CONCORD_CLIENTS_MATRIX: "write" };
const isWriting = process.env.CONCORD_CLIENTS_MATRIX === WRITE_MATRIX.CONCORD_CLIENTS_MATRIX;

export const readKept = (): Kept => JSON.parse(readFileSync(FILE, "utf8")) as Kept;

/**
 * @param shown what this run has shown
 * @param isSkipped whether a client could not be tried here: what was kept of it stays
 * @returns the differences between both, in words; none after they have been written
 */
export function compareWithKept(shown: Shown, isSkipped: (name: string) => boolean): string[] {
  const { devDependencies, dependencies } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
  ) as Record<"devDependencies" | "dependencies", Record<string, string>>;
  const kept = readKept();
  const next = Object.fromEntries(
    Object.entries(shown).flatMap(([name, { packages, cells }]) => {
      if (isSkipped(name)) return kept[name] ? [[name, kept[name]] as const] : [];
      const versions = Object.fromEntries(
        packages.map((each) => [each, devDependencies[each] ?? dependencies[each] ?? "not in package.json"]),
      );
      return [[name, { versions, cells }] as const];
    }),
  );
  if (!isWriting) return differences(kept, next);
  const failed = Object.entries(next).flatMap(([name, { cells }]) =>
    Object.keys(FEATURES).flatMap((feature) =>
      cells[feature] ? [] : [`${name}, ${feature}: failed, so nothing is written`],
    ),
  );
  if (failed.length === 0) writeFileSync(FILE, `${JSON.stringify(next, null, 2)}\n`);
  return failed;
}

/** One line per cell that differs, with what to do about all of them. */
function differences(kept: Kept, next: Kept): string[] {
  const lines = (of: Kept) =>
    Object.entries(of).flatMap(([name, { versions, cells }]) => [
      `${name}: ${JSON.stringify(versions)}`,
      ...Object.entries(cells).map(([feature, outcome]) => `${name}, ${feature}: ${JSON.stringify(outcome)}`),
    ]);
  const [before, now] = [lines(kept), lines(next)];
  const found = [
    ...before.filter((line) => !now.includes(line)).map((line) => `kept, and not shown: ${line}`),
    ...now.filter((line) => !before.includes(line)).map((line) => `shown, and not kept: ${line}`),
  ];
  return found.length === 0
    ? []
    : [...found, "If this is right, run `npm run clients:matrix` and commit what it writes."];
}
