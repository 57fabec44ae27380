import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Contract } from "#contracts/define.ts";
import { type Compared, type Judgement, judge } from "#contracts/evolution/judge.ts";
import { parseReleased, printReleased, type ReleasedVersion, toReleased } from "#contracts/evolution/release.ts";
import { CONTRACTS, findContract } from "#contracts/index.ts";
import { latestVersions, RELEASES, type Release } from "#contracts/releases.ts";
import { ROOT } from "../local/tool.ts";

const FOLDER = join(ROOT, "src/shared/contracts/releases");
const fileOf = (topic: string, version: number) => join(FOLDER, topic, `${version}.json`);

/** A released version of a topic; `undefined` if the repository has none. */
export function readReleased(topic: string, version: number): ReleasedVersion | undefined {
  const file = fileOf(topic, version);
  return existsSync(file) ? parseReleased(readFileSync(file, "utf8")) : undefined;
}

/** Each released topic compared with its contract of now. */
export function judgeAll(todayMs: number): {
  readonly judgements: readonly Judgement[];
  readonly added: readonly string[];
} {
  const latest = latestVersions();
  const judgements = [...latest].map(([topic, version]) => {
    const last = readReleased(topic, version);
    if (!last) throw new Error(`${fileOf(topic, version)} is missing: restore it from the repository's history`);
    return judge({ last, before: earlierOf(topic, version), contract: findContract(topic, todayMs), todayMs });
  });
  const added = CONTRACTS.map(({ topic }) => topic).filter((topic) => !latest.has(topic));
  return { judgements, added };
}

function earlierOf(topic: string, version: number): NonNullable<Compared["before"]> {
  const folder = dirname(fileOf(topic, version));
  const versions = readdirSync(folder).map((file) => Number.parseInt(file, 10));
  return versions.flatMap((each) => (each < version ? (readReleased(topic, each) ?? []) : []));
}

/** The contracts whose version has not been released. */
export const unreleased = (): readonly Contract[] =>
  CONTRACTS.filter(({ topic, version }) => latestVersions().get(topic) !== version);

/**
 * Why the contracts of now may be neither released nor deployed: sentences, none if they may. A record of a version that no
 * release has cannot be compared by the next change, and letters keep such records for months.
 */
export function contractProblems(todayMs: number): string[] {
  const broken = judgeAll(todayMs).judgements.filter(({ problems }) => problems.length > 0);
  return [
    ...broken.map(({ topic }) => `${topic} breaks its released version: \`npm run contracts:check\` shows an event.`),
    ...unreleased().map(
      ({ topic, version }) =>
        `Version ${version} of ${topic} is not released: run \`npm run contracts:release\` and \`npm run generate\`, and commit both.`,
    ),
  ];
}

/** Writes the files of a release. A released version is never written again. */
export function writeRelease(contracts: readonly Contract[], date: string): Release {
  const release = {
    release: RELEASES.length + 1,
    date,
    topics: Object.fromEntries(contracts.map(({ topic, version }) => [topic, version])),
  };
  for (const contract of contracts) {
    const file = fileOf(contract.topic, contract.version);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, printReleased(toReleased(contract)), { flag: "wx" });
  }
  writeFileSync(join(FOLDER, "index.json"), `${JSON.stringify([...RELEASES, release], null, 2)}\n`);
  return release;
}
