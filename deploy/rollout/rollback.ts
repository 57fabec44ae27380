import type { Account, Version } from "../account/account.ts";
import { CommandError } from "../command/command-error.ts";
import type { Environment } from "../environment.ts";
import type { Worker } from "../workers.ts";
import type { RolloutDeps } from "./deps.ts";
import { completed, noteOf, releaseOf } from "./note.ts";
import { titleOf } from "./plan.ts";
import { revivedKeys } from "./revived-keys.ts";
import { readServed, type Served } from "./served.ts";
import { smokeAfter } from "./smoke.ts";

/** A version that served, and the one with its code that names its release. */
type Past = { readonly id: string; readonly origin: Version };

/** What becomes of one Worker. */
export type Return = {
  readonly worker: Worker;
  readonly from: string | undefined;
  /** Absent if it stays as it is. */
  readonly to: Past | undefined;
  /** Why it stays, if it should not. */
  readonly stays?: string;
  /** Keys of `TOKEN_KEYS` that it accepts again by this, by their names. */
  readonly revives?: readonly string[];
};

export type RollbackPlan = {
  readonly from: string;
  readonly to: string;
  readonly returns: readonly Return[];
  /** Workers that the account does not have. */
  readonly gone: readonly Worker[];
};

/** There is no release to go back to. */
export class RollbackError extends CommandError {
  override readonly name = "RollbackError";
}

/** As far back as anyone looks. */
const MAX_PAST = 50;

/**
 * Which version each Worker had in a release: by what `npm run deploy` noted with each version. Reads only.
 * @param to a release; the one before the present one if absent
 * @throws RollbackError
 */
export async function planRollback(
  account: Pick<Account, "listDeployments" | "viewVersion">,
  workers: readonly Worker[],
  to: string | undefined,
): Promise<RollbackPlan> {
  const histories: History[] = [];
  const gone: Worker[] = [];
  for (const worker of workers) {
    const served = await readServed(account, worker);
    if (served) histories.push({ worker, served, past: await readPast(account, worker, served) });
    else gone.push(worker);
  }
  const present = await presentRelease(account, histories);
  const wanted = to ?? releaseBefore(histories, present);
  const sinceMs = Math.max(
    ...histories.flatMap(({ past }) => past.filter((each) => releaseOf(each.origin) === wanted).map(timeOf)),
  );
  if (!Number.isFinite(sinceMs))
    throw new RollbackError(`No Worker has a version of ${wanted}. Known are ${known(histories)}.`);
  const returns = histories.map(({ worker, served, past }) => returnOf(worker, served, past, sinceMs));
  return { from: present, to: wanted, returns, gone };
}

type History = { readonly worker: Worker; readonly served: Served; readonly past: readonly Past[] };

const timeOf = ({ origin }: Past): number => Date.parse(origin.metadata.created_on);

/** The served version and those before it, the latest first. */
async function readPast(account: Pick<Account, "viewVersion">, worker: Worker, served: Served): Promise<Past[]> {
  const past: Past[] = [{ id: served.version.id, origin: served.origin }];
  let after = noteOf(served.origin)?.after;
  while (after && past.length < MAX_PAST) {
    const origin = await account.viewVersion(worker, after.origin);
    past.push({ id: after.id, origin });
    after = noteOf(origin)?.after;
  }
  return past;
}

/** The release of what was deployed last: of a rollout that has not ended, or of the youngest version that serves. */
async function presentRelease(account: Pick<Account, "viewVersion">, histories: readonly History[]): Promise<string> {
  for (const { worker, served } of histories) {
    if (served.rolling) return releaseOf(await account.viewVersion(worker, served.rolling.id)) ?? "an unknown release";
  }
  const [youngest] = histories.flatMap(({ past }) => past.slice(0, 1)).sort((a, b) => timeOf(b) - timeOf(a));
  const release = youngest && releaseOf(youngest.origin);
  if (release) return release;
  throw new RollbackError("No Worker of this environment was deployed by `npm run deploy`. Nothing was changed.");
}

function releaseBefore(histories: readonly History[], present: string): string {
  const earlier = histories
    .flatMap(({ past }) => past)
    .filter(({ origin }) => releaseOf(origin) !== undefined && releaseOf(origin) !== present)
    .sort((a, b) => timeOf(b) - timeOf(a));
  const release = earlier[0] && releaseOf(earlier[0].origin);
  if (release) return release;
  throw new RollbackError(`There is no release before ${present}: it was the first. Nothing was changed.`);
}

/** What served when that release was the present one: its own version, or an older one that it left as it was. */
function returnOf(worker: Worker, served: Served, past: readonly Past[], sinceMs: number): Return {
  const from = releaseOf(served.origin);
  const to = past.find((each) => timeOf(each) <= sinceMs);
  if (!to) return { worker, from, to, stays: "it was first deployed later" };
  if (to.id === served.version.id && !served.rolling) return { worker, from, to: undefined };
  const tagOf = (version: Version) => version.resources?.script_runtime?.migration_tag;
  if (tagOf(to.origin) !== tagOf(served.version)) {
    return {
      worker,
      from,
      to: undefined,
      stays: "a migration of its Durable Objects lies between, and the platform goes back over none",
    };
  }
  return { worker, from, to, revives: revivedKeys(served.version, to.origin) };
}

const known = (histories: readonly History[]): string =>
  [...new Set(histories.flatMap(({ past }) => past.flatMap(({ origin }) => releaseOf(origin) ?? [])))].join(", ") ||
  "none";

/** The plan as it is shown. */
export function rollbackLines({ from, to, returns, gone }: RollbackPlan): string[] {
  const width = Math.max(...[...returns.map(({ worker }) => worker), ...gone].map((worker) => titleOf(worker).length));
  const revived = new Set(returns.flatMap(({ revives }) => revives ?? []));
  return [
    `  from ${from} to ${to}`,
    ...returns.map((each) => {
      const how = each.to
        ? `back to ${releaseOf(each.to.origin) ?? to} (${each.to.id})`
        : `stays at ${each.from ?? "an unknown release"}${each.stays ? `: ${each.stays}` : ""}`;
      return `  ${titleOf(each.worker).padEnd(width)}  ${how}`;
    }),
    ...gone.map(
      (worker) =>
        `  ${titleOf(worker).padEnd(width)}  is missing: the account has no ${worker.name}. \`npm run deploy\` makes it anew, without what its objects held.`,
    ),
    "  Settings go back with the Workers: they are what environments/ said then.",
    ...(revived.size === 0 ? [] : [revivedLine(revived)]),
    "  D1's migrations stay: they only add, and earlier releases go on with them.",
    "  Routes, schedules and consumers stay too. Where a secret was set since, look whether its value is the one you want.",
  ];
}

const revivedLine = (kids: ReadonlySet<string>): string =>
  `  TOKEN_KEYS then accepts again: ${[...kids].join(", ")}. If somebody else may have one of these keys, do not go back: deploy the former code with today's environments/.`;

type Deps = Pick<RolloutDeps, "account" | "say" | "progress" | "smoke" | "sleep"> & {
  readonly environment: Environment;
};

/**
 * Puts each Worker back, those that bind to others first, and tries the platform.
 * @throws WranglerError: what was put back stays so, and `--to` of the same release goes on from there
 * @throws SmokeFailed: the Workers are all put back
 */
export async function rollBack(deps: Deps, { to, returns }: RollbackPlan): Promise<void> {
  const { account, environment, progress } = deps;
  for (const each of [...returns].reverse()) {
    const { worker, to: past } = each;
    if (!past) continue;
    await progress.step(`${titleOf(worker)}: ${releaseOf(past.origin) ?? to}`, () =>
      account.rollBack(worker, environment.name, past.id, completed(to)),
    );
  }
  await smokeAfter(deps, `the rollback to ${to}`);
}
