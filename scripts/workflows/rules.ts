/** What these rules look at in a workflow of GitHub Actions. */
export type Workflow = {
  readonly on: string | readonly string[] | Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: Concurrency;
  readonly jobs: Readonly<Record<string, Job>>;
};
type Concurrency = { readonly group: string; readonly "cancel-in-progress"?: unknown };
export type Job = {
  readonly uses?: string;
  readonly if?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly concurrency?: Concurrency;
  readonly "timeout-minutes"?: number;
  readonly steps?: readonly Step[];
};
type Step = { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, unknown>> };

/** They run what others propose, with this repository's rights. */
const UNSAFE_EVENTS = ["pull_request_target", "workflow_run", "issue_comment", "issues", "discussion"];
/** Only those who may write to the repository cause them. */
const TRUSTED_EVENTS = ["push", "workflow_dispatch"];
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;

export const eventsOf = ({ on }: Workflow): readonly string[] => {
  if (typeof on === "string") return [on];
  return Array.isArray(on) ? on : Object.keys(on);
};

/** What a workflow does that none of ours may: sentences, none if all is well. @param scripts of package.json */
export function judgeWorkflow(workflow: Workflow, scripts: Readonly<Record<string, string>>): string[] {
  const unsafe = eventsOf(workflow).filter((event) => UNSAFE_EVENTS.includes(event));
  return [
    ...unsafe.map((event) => `It runs on ${event}, which strangers can cause.`),
    ...(isEmpty(workflow.permissions) ? [] : ["Its permissions are not {}: each job says which it needs."]),
    ...Object.entries(workflow.jobs).flatMap(([name, job]) =>
      [...judgeJob(job), ...judgeSteps(job, scripts), ...judgeDeploy(workflow, job)].map(
        (problem) => `${name}: ${problem}`,
      ),
    ),
  ];
}

const isEmpty = (permissions: unknown): boolean =>
  typeof permissions === "object" && permissions !== null && Object.keys(permissions).length === 0;

const stepsOf = ({ steps = [] }: Job): readonly Step[] => steps;
const runsOf = (job: Job): readonly string[] => stepsOf(job).flatMap(({ run }) => run ?? []);

function judgeJob(job: Job): string[] {
  const writes = Object.values(job.permissions ?? {}).includes("write");
  const runsPackages = runsOf(job).some((run) => /\b(?:npm|npx|node)\b/.test(run.replaceAll(/`[^`]*`/g, "")));
  return [
    ...(job.permissions === undefined ? ["It does not say which permissions it needs."] : []),
    ...(job.uses === undefined && job["timeout-minutes"] === undefined ? ["It has no timeout-minutes."] : []),
    ...(writes && runsPackages ? ["It may write to the repository, and runs code of packages."] : []),
  ];
}

function judgeSteps(job: Job, scripts: Readonly<Record<string, string>>): string[] {
  const used = stepsOf(job).filter(({ uses }) => uses !== undefined);
  const commands = runsOf(job).flatMap((run) => [...run.matchAll(/npm run (?:--silent )?([\w:-]+)/g)]);
  return [
    ...used.flatMap(({ uses = "" }) => (PINNED.test(uses) ? [] : [`${uses} is not pinned by the hash of a commit.`])),
    ...used.flatMap(({ uses = "", with: options = {} }) =>
      uses.startsWith("actions/checkout@") && options["persist-credentials"] !== false
        ? ["A checkout leaves the token of the job in .git/config: set persist-credentials to false."]
        : [],
    ),
    ...runsOf(job).flatMap((run) =>
      run.includes("${{")
        ? ["A script has an expression in it: pass it by env, so that nobody's text becomes code."]
        : [],
    ),
    ...commands.flatMap(([, name = ""]) => (name in scripts ? [] : [`There is no npm run ${name}.`])),
  ];
}

/** Whoever has a secret, or deploys, does so for those who may write to this repository, one at a time, and to its end. */
function judgeDeploy(workflow: Workflow, job: Job): string[] {
  const hasSecrets = JSON.stringify(job).includes("secrets.");
  const deploys = runsOf(job).some((run) =>
    /npm run (?:deploy|provision|rollback)\b/.test(run.replaceAll(/`[^`]*`/g, "")),
  );
  if (!hasSecrets && !deploys) return [];
  const concurrency = job.concurrency ?? workflow.concurrency;
  return [
    ...(eventsOf(workflow).every((event) => TRUSTED_EVENTS.includes(event))
      ? []
      : ["It has secrets, and its workflow runs on more than a push, or a start by hand."]),
    ...(job.environment === undefined ? ["It has secrets, and no environment that guards them."] : []),
    ...(job.if?.includes("!github.event.repository.fork") ? [] : ["It has secrets, and does not leave forks out."]),
    ...(concurrency?.["cancel-in-progress"] === false ? [] : ["A second run may stop it in the middle."]),
  ];
}
