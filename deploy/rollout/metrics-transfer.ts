import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../local/tool.ts";
import { isMissingWorker, type Wrangler, WranglerError } from "../account/wrangler.ts";

/**
 * The metrics objects belonged to the dlq Worker before they had a Worker of their own. In an environment that was
 * deployed then, the first deployment of the metrics Worker takes over their namespace with all its data, and the
 * operator has nothing to do: docs/decisions/0015-metrics-have-a-worker-of-their-own.md.
 */
const CLASS = "MetricsObject";
const formerWorkerOf = (environment: string): string => `concord-dlq-${environment}`;

/** The part of a Worker's version that is used, as the platform returns it. */
type Binding = { readonly type: string; readonly class_name?: string; readonly script_name?: string };

/**
 * Whether the deployed dlq Worker still has the class, by its bindings. One that has only secrets, as before a first
 * deployment, does not.
 * @throws Error if the platform does not tell: once the class is created anew, it can no longer take over the counts
 */
export async function isTransferDue(wrangler: Wrangler, environment: string): Promise<boolean> {
  const worker = formerWorkerOf(environment);
  const tell = <T>(...args: string[]) => told<T>(wrangler, [...args, "--name", worker, "--json"]);
  const deployment = await tell<{ versions: { version_id: string }[] }>("deployments", "status");
  for (const { version_id } of deployment?.versions ?? []) {
    const version = await tell<{ resources: { bindings?: Binding[] } }>("versions", "view", version_id);
    if (version?.resources.bindings?.some((binding) => isClassOf(worker, binding))) return true;
  }
  return false;
}

const isClassOf = (worker: string, { type, class_name, script_name = worker }: Binding): boolean =>
  type === "durable_object_namespace" && class_name === CLASS && script_name === worker;

/** Empty if the Worker does not exist, or was never deployed. */
async function told<T>(wrangler: Wrangler, args: readonly string[]): Promise<T | undefined> {
  const ran = await wrangler(args);
  if (ran.isDone) return JSON.parse(ran.stdout) as T;
  if (isMissingWorker(ran.said)) return undefined;
  throw new WranglerError(args, ran);
}

/**
 * The metrics Worker's config with the transfer in place of the new class. Both are its migration v1: once either is
 * applied, wrangler.toml as it is means the same, and no deployment sends a migration again.
 */
function withTransfer(config: string, environment: string): string {
  const v1 = `[[env.${environment}.migrations]]\ntag = "v1"\n`;
  const created = `${v1}new_sqlite_classes = ["${CLASS}"]`;
  if (!config.includes(created)) throw new Error(`The metrics Worker's config does not have this:\n${created}`);
  const source = `from = "${CLASS}", from_script = "${formerWorkerOf(environment)}", to = "${CLASS}"`;
  return config.replace(created, () => `${v1}transferred_classes = [{ ${source} }]`);
}

/** Writes that config beside the original, so that its relative paths hold. @returns its path; the caller removes it */
export function writeTransferringConfig(environment: string): string {
  const folder = join(ROOT, "workers/metrics");
  const path = join(folder, `wrangler.transfer-${environment}.toml`);
  writeFileSync(path, withTransfer(readFileSync(join(folder, "wrangler.toml"), "utf8"), environment));
  return path;
}
