import type { Account, Traffic } from "../account/account.ts";
import type { Worker } from "../workers.ts";
import { titleOf, type WorkerPlan } from "./plan.ts";

/** Somebody else has deployed a Worker since this run looked at it, or deployed it. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

/** How long a deployment may take until the account lists it. Ours. */
const LISTED_AFTER_MS = 2_000;
const READS = 4;

/**
 * How this run found or left the traffic of each Worker. It deploys over that and over nothing else: the account has no
 * lock, and another run, a rollback or a hand at the dashboard may come in between. Between the look and the deployment
 * there is still about a second.
 */
export class OwnTraffic {
  readonly #account: Pick<Account, "listDeployments" | "deployVersions">;
  readonly #sleep: (ms: number) => Promise<void>;
  /** By the Worker's name. Two after a call that failed, which may have been done all the same; absent if not known. */
  readonly #own = new Map<string, readonly Traffic[]>();

  constructor(
    account: Pick<Account, "listDeployments" | "deployVersions">,
    plans: readonly Pick<WorkerPlan, "worker" | "served">[],
    sleep: (ms: number) => Promise<void>,
  ) {
    this.#account = account;
    this.#sleep = sleep;
    for (const { worker, served } of plans) this.#own.set(worker.name, [served?.traffic ?? []]);
  }

  /** @throws Overtaken if the Worker is not as this run found or left it */
  async check(worker: Worker): Promise<void> {
    const own = this.#own.get(worker.name)?.map(textOf);
    if (!own) return;
    for (let reads = 1; ; reads++) {
      const found = textOf((await this.#account.listDeployments(worker))?.[0]?.versions ?? []);
      if (own.includes(found)) return;
      if (reads === READS) {
        throw new Overtaken(
          `${titleOf(worker)}: somebody else has deployed it since this run did. It serves ${found || "nothing"}, and this run left ${own.at(-1) || "nothing"}.`,
        );
      }
      await this.#sleep(LISTED_AFTER_MS);
    }
  }

  /** Whether somebody else has deployed one of these. An account that does not answer has not said so. */
  async isOvertaken(workers: readonly Worker[]): Promise<boolean> {
    for (const worker of workers) {
      const thrown: unknown = await this.check(worker).catch((reason: unknown) => reason);
      if (thrown instanceof Overtaken) return true;
    }
    return false;
  }

  /** This run has given the Worker this traffic, or is about to give it one that is not known before. */
  left(worker: Worker, traffic: Traffic | undefined): void {
    if (traffic) this.#own.set(worker.name, [traffic]);
    else this.#own.delete(worker.name);
  }

  /** From now on these versions get these shares. @throws Overtaken as above, WranglerError */
  async deploy(worker: Worker, environment: string, traffic: Traffic, message: string): Promise<void> {
    await this.check(worker);
    this.#own.set(worker.name, [...(this.#own.get(worker.name) ?? []), traffic]);
    await this.#account.deployVersions(worker, environment, traffic, message);
    this.left(worker, traffic);
  }
}

const textOf = (traffic: Traffic): string =>
  traffic
    .map(({ version_id, percentage }) => `${version_id} at ${percentage} %`)
    .sort()
    .join(" and ");
