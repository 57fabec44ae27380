import type { Account, Deployment, Traffic, Version } from "../account/account.ts";
import type { Worker } from "../workers.ts";
import { isComplete, isOfSecret } from "./note.ts";

/** What an account has of a Worker. */
export type Served = {
  /** The version that serves all requests, or did before a rollout that has not ended. It is what a run puts back. */
  readonly version: Version;
  /** The one with the same code that `npm run deploy` made: `version`, or that from which a new secret made it. */
  readonly origin: Version;
  /** Whether its rollout ended, with its triggers. */
  readonly isComplete: boolean;
  /** A version that a rollout left between 0 and 100 percent. */
  readonly rolling: { readonly id: string; readonly percentage: number } | undefined;
  /** Its latest deployment: all of what serves. */
  readonly traffic: Traffic;
};

/** @returns undefined if there is no such Worker */
export async function readServed(
  account: Pick<Account, "listDeployments" | "viewVersion">,
  worker: Worker,
): Promise<Served | undefined> {
  const deployments = await account.listDeployments(worker);
  const [latest] = deployments ?? [];
  if (!deployments || !latest) return undefined;
  const full = deployments.filter(({ versions }) => versions.length === 1);
  const id = full[0]?.versions[0]?.version_id ?? greatestShare(latest);
  const version = await account.viewVersion(worker, id);
  const rolling = latest.versions.length > 1 ? latest.versions.find(({ version_id }) => version_id !== id) : undefined;
  const { origin, deployment } = await findOrigin(account, worker, version, full);
  return {
    version,
    origin,
    isComplete: deployment !== undefined && isComplete(deployment),
    rolling: rolling && { id: rolling.version_id, percentage: rolling.percentage },
    traffic: latest.versions,
  };
}

/** Of more than ten deployments since, the last that had one version only is not told. */
const greatestShare = ({ versions }: Deployment): string =>
  versions.reduce((a, b) => (b.percentage > a.percentage ? b : a)).version_id;

async function findOrigin(
  account: Pick<Account, "viewVersion">,
  worker: Worker,
  version: Version,
  full: readonly Deployment[],
) {
  let origin = version;
  let deployment = full[0];
  for (const earlier of full.slice(1)) {
    if (!isOfSecret(origin)) break;
    deployment = earlier;
    origin = await account.viewVersion(worker, earlier.versions[0]?.version_id ?? "");
  }
  return { origin, deployment };
}

/** Made by `wrangler secret` before the first deployment: it has nothing but secrets, and answers nothing. */
export const isDraft = ({ resources }: Version): boolean =>
  resources?.bindings.every(({ type }) => type === "secret_text") === true;

/** Each Worker of ours knows its environment, and nobody else's does. */
export const isOurs = ({ resources }: Version, environment: string): boolean =>
  resources?.bindings.some(({ name, text }) => name === "ENVIRONMENT" && text === environment) === true;
