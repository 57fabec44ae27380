import { describe, expect, it } from "vitest";
import { StandIn, type Trouble } from "./account/stand-in.ts";
import type { State } from "./account/state.ts";
import { outcomeOf, Runs, SECRETS, servedIn, withId, withoutLastClasses } from "./runs.ts";

/** How many calls a run makes, and what it ends with. */
async function undisturbed(from: State, act: (runs: Runs) => Promise<unknown>) {
  const runs = runsFrom(from);
  await act(runs);
  return { calls: runs.standIn.calls.length, outcome: outcomeOf(runs.standIn.state) };
}

/** Another process against the same account, with what the environment's file says by now. */
function runsFrom(state: State, environment?: Runs["environment"]): Runs {
  const runs = new Runs(new StandIn(structuredClone(state)));
  const idOf = (name: string) => state.databases.find((each) => each.name === name)?.uuid;
  const [live, rebuilt] = [idOf("concord-staging"), idOf("concord-rebuilt-staging")];
  if (environment) runs.environment = environment;
  else {
    if (live) runs.environment = withId(runs.environment, "database", live);
    if (rebuilt) runs.environment = withId(runs.environment, "archive.rebuilt", rebuilt);
  }
  return runs;
}

const EMPTY = new StandIn().state;

/** A platform of release r1, of which every Worker's code has changed since. */
const CHANGED: State = await (async () => {
  const runs = new Runs(new StandIn());
  await runs.bringUp("r1");
  const { state } = runs.standIn;
  state.code = Object.fromEntries(runs.workers.map(({ folder }) => [folder, "v2"]));
  state.moreMigrations = ["9999_more.sql"];
  return state;
})();

/** A platform of release r1, of which only devices has changed since: it has another class of objects. */
const BEFORE_CLASS: State = structuredClone(CHANGED);
BEFORE_CLASS.code = { "workers/devices": "v2" };
withoutLastClasses(BEFORE_CLASS);

const bringUp = (runs: Runs) => runs.bringUp("r1");
const upgrade = (runs: Runs) => runs.deploy("r2");

/** One call of a run goes wrong; what throws has told it. */
async function disturbed(runs: Runs, at: number, trouble: Trouble, act: (runs: Runs) => Promise<unknown>) {
  runs.standIn.plan((_, n) => (n === at ? trouble : undefined));
  await Promise.race([act(runs).catch(() => {}), runs.standIn.death]);
}

const CASES = [
  ["fail", "fails"],
  ["kill-before", "never reaches the account, for we are killed"],
  ["kill-after", "is the last that we do, for we are killed"],
] as const;

describe.each(CASES)("%s: each call in turn %s", (trouble) => {
  it.each([
    ["from an empty account to a platform", EMPTY, bringUp, 50],
    ["of a new release", CHANGED, upgrade, 50],
    ["of a release with a new class of objects", BEFORE_CLASS, upgrade, 20],
  ] as const)("and the second run, %s, ends as if nothing had been", async (_, from, act, calls) => {
    const whole = await undisturbed(from, act);
    expect(whole.calls).toBeGreaterThan(calls);
    for (let at = 0; at < whole.calls; at++) {
      const first = runsFrom(from);
      await disturbed(first, at, trouble, act);
      const second = runsFrom(first.standIn.state, first.environment);
      await act(second);
      expect(outcomeOf(second.standIn.state), `call ${at}: ${first.standIn.calls[at]}`).toEqual(whole.outcome);
    }
  });
});

it("a call that fails in a rollout leaves every Worker at exactly the version that it served before", async () => {
  const { calls } = await undisturbed(CHANGED, upgrade);
  const before = servedIn(CHANGED);
  for (let at = 0; at < calls; at++) {
    const runs = runsFrom(CHANGED);
    await disturbed(runs, at, "fail", upgrade);
    expect(servedIn(runs.standIn.state), `call ${at}: ${runs.standIn.calls[at]}`).toEqual(before);
  }
});

it("a Worker that cannot be put back is named with the command for it, and the others are put back", async () => {
  const runs = runsFrom(CHANGED);
  let isFailing = false;
  runs.smoke = async () => {
    isFailing = servedIn(runs.standIn.state)["concord-ingest-staging"]?.includes("50 %") === true;
    return { ok: !isFailing, steps: [{ name: "produce", ok: !isFailing, ms: 1, problem: "503" }] };
  };
  runs.standIn.plan((call) =>
    isFailing && call.startsWith("versions deploy") && call.includes("workers/devices") ? "fail" : undefined,
  );
  expect((await runs.deploy("r2")).isDone).toBe(false);
  const served = servedIn(runs.standIn.state);
  expect(served["concord-devices-staging"]).toBe("v2 of r2 100 %");
  expect(served["concord-ingest-staging"]).toBe("v1 of r1 100 %");
  expect(served["concord-metrics-staging"]).toBe("v1 of r1 100 %");
  expect(runs.text).toMatch(/workers\/devices: NOT put back/);
  expect(runs.text).toMatch(/npx wrangler versions deploy \S+@100 -y -c workers\/devices\/wrangler.toml --env staging/);
});

it("secrets are asked for again and set, wherever the first run stopped", async () => {
  const runs = runsFrom(EMPTY);
  await disturbed(runs, 10, "kill-after", (each) => each.provision({ secrets: SECRETS }));
  const second = runsFrom(runs.standIn.state, runs.environment);
  expect(await second.provision()).toBe("waiting");
  expect(await second.provision({ secrets: SECRETS })).toBe("ready");
});
