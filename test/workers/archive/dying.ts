import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Env } from "../../../workers/archive/env.ts";
import { toJobDeps } from "../../../workers/archive/jobs/job-deps.ts";
import type { JobDeps, JobKind } from "../../../workers/archive/jobs/job-kind.ts";

/*
 * A job under deaths. One property holds for every kind: wherever the Worker dies, the job that is repeated from its
 * stored state ends with the same result.
 *
 *   await inAJob(async (deps) => {
 *     const calls = await countCalls(kind, params, deps);              // of a run without a death
 *     await runDying(kind, params, deps, [{ call: 3, when: "after" }]); // a run that dies there, and goes on
 *   });
 */

/** The Worker died. No job may catch this: it is not an error that the platform would throw. */
export class Died extends Error {
  override readonly name = "Died";
}

/** A death at the n-th call of a store, from 1: just before it has an effect, or just after. */
export type Death = { readonly call: number; readonly when: "before" | "after" };

/** Runs inside of a job object, whose storage only it may use. The object's storage is empty at the beginning. */
export const inAJob = <T>(run: (deps: JobDeps) => Promise<T>, name = "rebuild"): Promise<T> => {
  const its = env as unknown as Env;
  return runInDurableObject(its.JOBS.getByName(name), async (_, { storage }) => {
    await storage.deleteAll();
    const deps = toJobDeps(its, storage);
    if (!deps) throw new Error("there is no bucket in this test's environment");
    return run(deps);
  });
};

type AnyKind<Params, State> = JobKind<Params, State>;

/** Runs a job to its end. @returns its last state */
export async function runToEnd<Params, State>(
  kind: AnyKind<Params, State>,
  params: Params,
  deps: JobDeps,
  atMostSteps = 10_000,
): Promise<State> {
  let state: State = stored(await kind.begin(params, deps));
  for (let step = 0; step < atMostSteps; step++) {
    const after = await kind.step(state, deps);
    state = stored(after.state);
    if (after.isDone) return state;
  }
  throw new Error(`the job was not done after ${atMostSteps} steps: ${JSON.stringify(state).slice(0, 500)}`);
}

/** Calls of stores in a run without a death. */
export async function countCalls<Params, State>(
  kind: AnyKind<Params, State>,
  params: Params,
  deps: JobDeps,
): Promise<number> {
  const watched = watch(deps, undefined);
  await runToEnd(kind, params, watched.deps);
  return watched.calls();
}

/**
 * Runs a job that dies at each of these calls, counted from the last death, and is repeated from its stored state.
 * @returns its last state
 */
export async function runDying<Params, State>(
  kind: AnyKind<Params, State>,
  params: Params,
  deps: JobDeps,
  deaths: readonly Death[],
  atMostSteps = 10_000,
): Promise<State> {
  const left = [...deaths];
  let watched = watch(deps, left.shift());
  const living = async <T>(act: (its: JobDeps) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await act(watched.deps);
      } catch (thrown) {
        if (!watched.hasDied()) throw thrown;
        watched = watch(deps, left.shift());
      }
    }
  };
  let state: State = stored(await living((its) => kind.begin(params, its)));
  for (let step = 0; step < atMostSteps; step++) {
    const after = await living((its) => kind.step(state, its));
    state = stored(after.state);
    if (after.isDone) return state;
  }
  throw new Error(`the job was not done after ${atMostSteps} steps: ${JSON.stringify(state).slice(0, 500)}`);
}

/** What the object's storage gives back. */
const stored = <State>(state: State): State => JSON.parse(JSON.stringify(state)) as State;

/** Methods of D1 that reach it; the others build a statement. */
const OF_D1 = ["first", "all", "run", "raw", "batch", "exec"];

/** Deps whose stores count their calls, and die at one. After a death every further call fails too. */
function watch(deps: JobDeps, death: Death | undefined) {
  let calls = 0;
  let hasDied = false;
  const real = new WeakMap<object, object>();

  const die = (): never => {
    hasDied = true;
    throw new Died("the Worker died here");
  };
  const call = async (act: () => unknown): Promise<unknown> => {
    if (hasDied) return die();
    calls++;
    const diesHere = calls === death?.call;
    if (diesHere && death?.when === "before") return die();
    const result = await act();
    return diesHere ? die() : result;
  };

  /** @param reaches whether a method is a call of the store, or else returns something that is watched too */
  const proxied = <T extends object>(target: T, reaches: (name: string) => boolean): T => {
    const proxy = new Proxy(target, {
      get(_, property) {
        const member = Reflect.get(target, property, target) as unknown;
        if (typeof member !== "function" || typeof property !== "string" || property === "then") return member;
        return (...args: readonly unknown[]) => {
          const own = args.map(unwrapped);
          const invoke = () => (target as Record<string, (...all: unknown[]) => unknown>)[property]?.(...own);
          if (reaches(property)) return call(invoke);
          const made = invoke();
          return typeof made === "object" && made !== null ? proxied(made, reaches) : made;
        };
      },
    });
    real.set(proxy, target);
    return proxy;
  };
  const unwrapped = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unwrapped);
    return typeof value === "object" && value !== null ? (real.get(value) ?? value) : value;
  };

  const database = (db: D1Database) => proxied(db, (name) => OF_D1.includes(name));
  const namespace = (objects: DurableObjectNamespace) =>
    new Proxy(objects, {
      get: (_, property) =>
        property === "getByName"
          ? (name: string) => proxied(objects.getByName(name), () => true)
          : Reflect.get(objects, property, objects),
    });
  const { devices, feeds, hubs } = deps.objects;
  return {
    deps: {
      ...deps,
      bucket: proxied(deps.bucket, () => true),
      db: database(deps.db),
      rebuilt: deps.rebuilt && database(deps.rebuilt),
      objects: { devices: namespace(devices), feeds: namespace(feeds), hubs: namespace(hubs) },
      jobs: { getByName: (name) => proxied(deps.jobs.getByName(name), () => true) },
    } satisfies JobDeps,
    calls: () => calls,
    hasDied: () => hasDied,
  };
}
