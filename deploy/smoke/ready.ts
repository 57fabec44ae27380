import { brief, type FrontDoor } from "./front-door.ts";
import { SmokeProblem } from "./problem.ts";

type Readiness = {
  readonly status: string;
  readonly version?: string;
  readonly checks?: Readonly<Record<string, string>>;
  /** Of ingest and archive: whether they have the archive's bucket. */
  readonly archive?: readonly string[];
};
/** The front door's answer: its own version, and what each Worker behind it says. */
type AllReadiness = Pick<Readiness, "version"> & { readonly workers?: Readonly<Record<string, Readiness | undefined>> };

/** The Workers behind the front door, by the names in its answer. */
const WORKERS = ["ingest", "api", "live", "dlq", "metrics", "archive"] as const;
/** Of these a front door of an earlier release does not say anything: it is the last one in a rollout. */
const LATER: readonly string[] = ["archive"] satisfies readonly (typeof WORKERS)[number][];

/**
 * @returns whether what is settled is archived
 * @throws SmokeProblem that names the Workers that are not ready, or not the version that the headers ask for
 */
export async function seeAllReady(door: FrontDoor): Promise<{ readonly isArchived: boolean }> {
  const { status, body } = await door.ask({ path: "/readyz" });
  const { workers } = body as AllReadiness;
  if (!workers) {
    throw new SmokeProblem(
      `GET /readyz was answered ${status} ${brief(body)}, which is no answer of the front door. Look at the address and at what stands in front of it.`,
    );
  }
  const asked = WORKERS.filter((name) => name in workers || !LATER.includes(name));
  const waiting = asked.filter((name) => workers[name]?.status !== "ready");
  if (status !== 200 || waiting.length > 0) {
    const said = waiting.map((name) => `${name} says ${brief(workers[name]?.checks ?? workers[name] ?? "nothing")}`);
    throw new SmokeProblem(
      `GET /readyz was answered ${status}: ${said.join("; ")}. Nothing was sent. Look at that Worker.`,
    );
  }
  await seeVersions(door);
  // Both are bound by one setting; while it is switched, one of them is deployed before the other.
  return { isArchived: [workers.ingest, workers.archive].every((each) => each?.archive?.[0] === "on") };
}

/** A version of a Worker, as the header Cloudflare-Workers-Version-Overrides asks for it. */
type Wanted = { readonly worker: string; readonly version: string };

/** Without this a smoke test of a version that nobody reaches yet would pass by the version before it. */
async function seeVersions(door: FrontDoor): Promise<void> {
  const wanted = wantedBy(door.target.headers ?? {});
  if (wanted.length === 0) return;
  let last: AllReadiness = {};
  // A new deployment takes a couple of seconds until it is known everywhere.
  const answered = await door.eventually(async () => {
    last = (await door.ask({ path: "/readyz" })).body as AllReadiness;
    return wanted.every((each) => answers(last, each)) || undefined;
  });
  if (answered) return;
  const others = wanted
    .filter((each) => !answers(last, each))
    .map(
      ({ worker, version }) =>
        `${version} of ${worker}, and ${versionIn(last, worker) ?? "one without a name"} answered`,
    );
  throw new SmokeProblem(
    `The header asked for the version ${others.join("; for ")} ${door.within}, so the platform does not apply it and another version would have been tested. Nothing was sent. ` +
      "Look at `npx wrangler deployments status`. Where the platform never applies it, set `steps = [100]` in the environment's file.",
  );
}

/** `concord-api-staging="dc8d…", concord-staging="…"` */
function wantedBy(headers: Readonly<Record<string, string>>): Wanted[] {
  const value = Object.entries(headers).find(([name]) => /^cloudflare-workers-version-overrides$/i.test(name))?.[1];
  return [...(value ?? "").matchAll(/([\w*.-]+)="([^"]*)"/g)].map(([, worker = "", version = ""]) => ({
    worker,
    version,
  }));
}

/**
 * Whether the version that is wanted has answered. A front door without a version of its own is of a release that does
 * not ask the others for theirs: it comes last in a rollout, so until then nothing can be said of them.
 */
const answers = (all: AllReadiness, { worker, version }: Wanted): boolean =>
  versionIn(all, worker) === version || (PART.test(worker) && (all.version === undefined || !isListed(all, worker)));

const isListed = ({ workers = {} }: AllReadiness, worker: string): boolean =>
  !LATER.some((name) => worker.startsWith(`concord-${name}`)) || "archive" in workers;

/** The name of a Worker behind the front door. */
const PART = /^concord-(ingest|api|devices|dlq|metrics|archive)(?:-|$)/;

function versionIn({ version, workers = {} }: AllReadiness, worker: string): string | undefined {
  const [, behind] = PART.exec(worker) ?? [];
  if (behind === undefined) return version;
  return workers[behind === "devices" ? "live" : behind]?.version;
}
