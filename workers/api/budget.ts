import { sha256Hex } from "#base/digest.ts";
import type { Spend, Spending } from "#graphql/limits/budget.ts";
import type { BudgetObject, Lease } from "#objects/budget.ts";
import { describeFault, log } from "#telemetry/log.ts";

/** An isolate takes a tenth of a budget at a time, so that ten requests to the object are the most of one isolate's minute. */
const SHARE = 10;

/** Callers whose leases an isolate remembers; the one that has been longest without a new lease goes first. Ours. */
const MAX_CALLERS = 1_000;

/** How long operations are served without a budget after its object has failed. Ours. */
const RETRY_OBJECT_AFTER_MS = 10_000;

type Held = { left: number; remaining: number; resetAtMs: number };

type BudgetDeps = {
  readonly objectOf: (caller: string) => Promise<BudgetObject>;
  readonly now: () => number;
};

/**
 * What one isolate holds of its callers' budgets. A request waits for its own lease and for no other's: one whose client
 * has left would never end.
 */
export class Budgets {
  readonly #deps: BudgetDeps;
  readonly #held = new Map<string, Held>();
  #brokenUntilMs = 0;

  constructor(deps: BudgetDeps) {
    this.#deps = deps;
  }

  /** @param limit points a minute */
  async spend(caller: string, points: number, limit: number): Promise<Spending | undefined> {
    if (!this.#isDecided(caller, points)) {
      const lease = await this.#lease(caller, points, limit);
      if (!lease) return undefined;
      this.#add(caller, lease);
    }
    // At once: what this operation has leased must not be spent by another one first.
    const held = this.#held.get(caller);
    if (!held) return undefined;
    const ok = held.left >= points;
    if (ok) held.left -= points;
    const budget = { limit, remaining: held.left + held.remaining, resetAt: new Date(held.resetAtMs).toISOString() };
    return { ok, budget };
  }

  /** Whether there is enough in this isolate, or no more anywhere. */
  #isDecided(caller: string, points: number): boolean {
    const held = this.#held.get(caller);
    return held !== undefined && held.resetAtMs > this.#deps.now() && (held.left >= points || held.remaining === 0);
  }

  /** @returns `undefined` if the object is out of reach: a caller is not refused for a fault of ours */
  async #lease(caller: string, points: number, limit: number): Promise<Lease | undefined> {
    if (this.#deps.now() < this.#brokenUntilMs) return undefined;
    try {
      const object = await this.#deps.objectOf(caller);
      return await object.lease(Math.max(points, Math.ceil(limit / SHARE)), limit);
    } catch (thrown) {
      this.#brokenUntilMs = this.#deps.now() + RETRY_OBJECT_AFTER_MS;
      log("error", "budget.unavailable", describeFault(thrown));
      return undefined;
    }
  }

  #add(caller: string, { granted, remaining, resetAtMs }: Lease): void {
    const before = this.#held.get(caller);
    const left = (before?.resetAtMs === resetAtMs ? before.left : 0) + granted;
    this.#held.delete(caller);
    this.#held.set(caller, { left, remaining, resetAtMs });
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_CALLERS && oldest !== undefined) this.#held.delete(oldest);
  }
}

/** By the binding, which is the same for all requests of an isolate. */
const held = new WeakMap<DurableObjectNamespace, Budgets>();

/** Takes the cost of operations out of a caller's budget, over the objects of the devices Worker. */
export function spendFor(caller: string, limit: number, objects: DurableObjectNamespace): Spend {
  const budgets = held.get(objects) ?? new Budgets({ objectOf: objectsIn(objects), now: Date.now });
  held.set(objects, budgets);
  return (points) => budgets.spend(caller, points, limit);
}

/** A subject may be longer than an object's name. */
const objectsIn =
  (objects: DurableObjectNamespace): BudgetDeps["objectOf"] =>
  async (caller) =>
    objects.getByName(await sha256Hex(caller)) as unknown as BudgetObject;
