import { describe, expect, it } from "vitest";
import { planRollback, rollbackLines } from "../../deploy/rollout/rollback.ts";
import type { Worker } from "../../deploy/workers.ts";
import { StandIn } from "./account/stand-in.ts";
import { type StoredVersion, type StoredWorker, trafficOf } from "./account/state.ts";
import { Runs, servedIn, withoutLastClasses } from "./runs.ts";

/** A platform of release r1. */
async function deployed(): Promise<Runs> {
  const runs = new Runs(new StandIn());
  await runs.bringUp("r1");
  runs.standIn.calls = [];
  runs.lines.length = 0;
  return runs;
}

const change = (runs: Runs, ...folders: string[]) => {
  for (const folder of folders) runs.standIn.state.code[folder] = "v2";
};

const API = "concord-api-staging";

describe("a new version", () => {
  it("gets its share step by step, and each step is tried at the version itself", async () => {
    const runs = await deployed();
    change(runs, "workers/api");
    const tried: string[] = [];
    runs.smoke = async (headers) => {
      const shares = trafficOf(runs.standIn.state.workers[API]).map(({ percentage }) => percentage);
      tried.push(
        `${shares.join("/")} ${headers["Cloudflare-Workers-Version-Overrides"]?.replace(/"[0-9a-f-]{36}"/, '"…"') ?? ""}`,
      );
      return { ok: true, steps: [] };
    };
    expect((await runs.deploy("r2")).isDone).toBe(true);
    const header = `${API}="…"`;
    expect(tried).toEqual([`0/100 ${header}`, `10/90 ${header}`, `50/50 ${header}`, "100 "]);
    expect(servedIn(runs.standIn.state)[API]).toBe("v2 of r2 100 %");
    expect(servedIn(runs.standIn.state)["concord-ingest-staging"]).toBe("v1 of r1 100 %");
  });

  it.each([0, 10, 50, 100])("whose smoke test fails at %i % is put back, with every Worker before it", async (at) => {
    const runs = await deployed();
    change(runs, "workers/metrics", "workers/api");
    const before = servedIn(runs.standIn.state);
    runs.smoke = async (_, onStep) => {
      const ok = trafficOf(runs.standIn.state.workers[API])[0]?.percentage !== at || !isNew(runs);
      const step = { name: "query", ok, ms: 1, ...(!ok && { problem: "the device is not there" }) };
      onStep(step);
      return { ok, steps: [step] };
    };
    expect((await runs.deploy("r2")).isDone).toBe(false);
    expect(servedIn(runs.standIn.state)).toEqual(before);
    expect(runs.text).toContain("✗ query: the device is not there");
    expect(runs.text).toContain("The smoke test failed after workers/api: query.");
    expect(runs.text.indexOf("workers/api: r1 (")).toBeLessThan(runs.text.indexOf("workers/metrics: r1 ("));
  });

  const isNew = (runs: Runs) => {
    const worker = runs.standIn.state.workers[API];
    const [first] = trafficOf(worker);
    return worker?.versions.find(({ id }) => id === first?.version_id)?.code === "v2";
  };

  it("is left out while a rollout of another commit stopped half way, and takes its place", async () => {
    const runs = await deployed();
    change(runs, "workers/api");
    runs.standIn.plan((call) => (call.includes("50 %") ? "kill-before" : undefined));
    await Promise.race([runs.deploy("r2"), runs.standIn.death]);
    expect(servedIn(runs.standIn.state)[API]).toBe("v2 of r2 10 % + v1 of r1 90 %");
    const other = new Runs(new StandIn(runs.standIn.state));
    other.environment = runs.environment;
    other.standIn.state.code["workers/api"] = "v3";
    expect((await other.deploy("r3")).isDone).toBe(true);
    expect(servedIn(other.standIn.state)[API]).toBe("v3 of r3 100 %");
    await other.rollback();
    expect(servedIn(other.standIn.state)[API]).toBe("v1 of r1 100 %");
  });

  it.each([
    ["another deployment", true, (other: Runs) => other.deploy("r3"), "v3 of r3 100 %", "v2 of r2 100 %"],
    ["another deployment", false, (other: Runs) => other.deploy("r3"), "v3 of r3 100 %", "v2 of r2 100 %"],
    ["a rollback", true, (other: Runs) => other.rollback("r1"), "v1 of r1 100 %", "v1 of r1 100 %"],
  ])(
    "deploys over nothing that came in between: %s, with a smoke test that passes: %s",
    async (_, ok, act, api, metrics) => {
      const runs = await deployed();
      change(runs, "workers/metrics", "workers/api");
      runs.smoke = async () => {
        if (trafficOf(runs.standIn.state.workers[API])[0]?.percentage !== 10) return { ok: true, steps: [] };
        const other = new Runs(runs.standIn);
        other.environment = runs.environment;
        other.standIn.state.code["workers/api"] = "v3";
        await act(other);
        return { ok, steps: [] };
      };
      expect((await runs.deploy("r2")).isDone).toBe(false);
      const served = servedIn(runs.standIn.state);
      expect([served[API], served["concord-metrics-staging"]]).toEqual([api, metrics]);
      expect(runs.text).toMatch(/Nothing is put back.*this run changed workers\/metrics, workers\/api/);
    },
  );

  it("stops before its next Worker where one that is done was changed", async () => {
    const runs = await deployed();
    change(runs, "workers/metrics", "workers/api");
    let times = 0;
    runs.smoke = async () => {
      if (++times === 4) await new Runs(runs.standIn).rollback("r1");
      return { ok: true, steps: [] };
    };
    expect((await runs.deploy("r2")).isDone).toBe(false);
    expect(servedIn(runs.standIn.state)[API]).toBe("v1 of r1 100 %");
    expect(runs.standIn.calls.filter((call) => /versions upload .*workers\/api/.test(call))).toEqual([]);
    expect(runs.text).toMatch(/workers\/metrics: somebody else has deployed it/);
  });

  it("is deployed although the account lists the deployment before it a moment later", async () => {
    const runs = await deployed();
    change(runs, "workers/api");
    const { deployments = [] } = runs.standIn.state.workers[API] ?? {};
    const hidden: typeof deployments = [];
    let waits = 0;
    runs.smoke = async () => {
      if (deployments.at(-1)?.versions[0]?.percentage === 10) hidden.push(...deployments.splice(-1));
      return { ok: true, steps: [] };
    };
    runs.sleep = async (ms) => {
      if (ms !== 2_000) return;
      waits++;
      deployments.push(...hidden.splice(0));
    };
    expect((await runs.deploy("r2")).isDone).toBe(true);
    expect(waits).toBe(1);
    expect(servedIn(runs.standIn.state)[API]).toBe("v2 of r2 100 %");
  });

  it("with a migration of Durable Objects is deployed at once, and said to stay when a later step fails", async () => {
    const runs = await deployed();
    change(runs, "workers/devices", "workers/api");
    withoutLastClasses(runs.standIn.state);
    let failing = false;
    runs.smoke = async () => {
      failing = runs.standIn.calls.some((call) => call.includes("workers/api") && call.startsWith("versions deploy"));
      return { ok: !failing, steps: [{ name: "query", ok: !failing, ms: 1 }] };
    };
    const { isDone, plan } = await runs.deploy("r2");
    expect([isDone, plan.chosen.map(({ how }) => how)]).toEqual([false, ["objects", "gradual"]]);
    expect(servedIn(runs.standIn.state)).toMatchObject({
      "concord-devices-staging": "v2 of r2 100 %",
      [API]: "v1 of r1 100 %",
    });
    expect(runs.text).toContain("the platform puts no Worker back over a migration of its Durable Objects");
    const { migrationTag, classes } = runs.standIn.state.workers["concord-devices-staging"] as StoredWorker;
    expect([migrationTag, classes]).toEqual([
      "v2",
      ["DeviceObject", "DealerFeed", "LiveHub", "Tickets", "CallerBudget"],
    ]);
  });

  it("of a Worker that binds to a class which is new comes after the Worker that has it, and is refused alone", async () => {
    const runs = await deployed();
    change(runs, "workers/devices", "workers/api");
    withoutLastClasses(runs.standIn.state);
    expect((await runs.deploy("r2", ["workers/api"])).isDone).toBe(false);
    expect(runs.text).toContain("workers/api binds to workers/devices, which changed too.");
    const label = { tag: "r2", message: "" };
    const [api] = runs.workers.filter(({ name }) => name === API);
    await expect(runs.account.uploadVersion(api as Worker, "staging", label)).rejects.toThrow(
      "Cannot create binding for class LiveHub",
    );
    const [devices] = runs.workers.filter(({ folder }) => folder === "workers/devices");
    await expect(runs.account.uploadVersion(devices as Worker, "staging", label)).rejects.toThrow(
      "pending Durable Object migration",
    );
    expect((await runs.deploy("r2")).isDone).toBe(true);
    await expect(runs.rollback("r1")).resolves.toBeUndefined();
    expect(servedIn(runs.standIn.state)).toMatchObject({
      "concord-devices-staging": "v2 of r2 100 %",
      [API]: "v1 of r1 100 %",
    });
  });

  it("is put back when the run is interrupted", async () => {
    const runs = await deployed();
    change(runs, "workers/metrics", "workers/api");
    const before = servedIn(runs.standIn.state);
    runs.smoke = async () => {
      if (trafficOf(runs.standIn.state.workers[API])[0]?.percentage === 10) runs.interrupt.abort();
      return { ok: true, steps: [] };
    };
    expect((await runs.deploy("r2")).isDone).toBe(false);
    expect(runs.text).toContain("Interrupted.");
    expect(servedIn(runs.standIn.state)).toEqual(before);
  });

  it("comes after its migrations, which stay when it is put back", async () => {
    const runs = await deployed();
    change(runs, "workers/api");
    runs.standIn.state.moreMigrations = ["9999_more.sql"];
    runs.smoke = async () => ({ ok: false, steps: [{ name: "ready", ok: false, ms: 1 }] });
    await runs.deploy("r2");
    const order = runs.standIn.changes.map((call) => call.split(" ").slice(0, 3).join(" "));
    expect(order.slice(0, 3)).toEqual(["d1 migrations apply", "d1 migrations apply", "versions upload -c"]);
    for (const { migrations } of runs.standIn.state.databases) expect(migrations).toContain("9999_more.sql");
    expect(runs.text).toContain("Migrations that were applied stay (9999_more.sql)");
  });
});

describe("one Worker alone", () => {
  it("is deployed if what it binds to is as it is here", async () => {
    const runs = await deployed();
    change(runs, "workers/api", "workers/dlq");
    expect((await runs.deploy("r2", ["workers/api"])).isDone).toBe(true);
    expect(servedIn(runs.standIn.state)).toMatchObject({
      [API]: "v2 of r2 100 %",
      "concord-dlq-staging": "v1 of r1 100 %",
    });
  });

  it("is refused if something that it binds to changed too", async () => {
    const runs = await deployed();
    change(runs, "workers/api", "workers/ingest");
    expect((await runs.deploy("r2", ["workers/api"])).isDone).toBe(false);
    expect(runs.text).toContain("workers/api binds to workers/ingest, which changed too.");
    expect(runs.standIn.changes).toEqual([]);
  });
});

describe("a rollback", () => {
  /** r1 of all, r2 of two Workers, r3 of one. */
  async function threeReleases(): Promise<Runs> {
    const runs = await deployed();
    change(runs, "workers/ingest", "workers/api");
    await runs.deploy("r2");
    runs.standIn.state.code["workers/api"] = "v3";
    await runs.deploy("r3");
    runs.standIn.calls = [];
    return runs;
  }
  const of = (runs: Runs) => {
    const { [API]: api, "concord-ingest-staging": ingest, "concord-dlq-staging": dlq } = servedIn(runs.standIn.state);
    return [ingest, dlq, api];
  };

  it("goes to the release before, in which a Worker may be as it was in an older one", async () => {
    const runs = await threeReleases();
    expect(of(runs)).toEqual(["v2 of r2 100 %", "v1 of r1 100 %", "v3 of r3 100 %"]);
    await runs.rollback();
    expect(of(runs)).toEqual(["v2 of r2 100 %", "v1 of r1 100 %", "v2 of r2 100 %"]);
    await runs.rollback();
    expect(of(runs)).toEqual(["v1 of r1 100 %", "v1 of r1 100 %", "v1 of r1 100 %"]);
    await expect(runs.rollback()).rejects.toThrow("There is no release before r1");
  });

  it("says which keys are accepted again by it", async () => {
    const runs = await deployed();
    change(runs, "workers/api");
    await runs.deploy("r2");
    const rollback = async () => rollbackLines(await planRollback(runs.account, runs.workers, undefined)).join("\n");
    expect(await rollback()).not.toContain("accepts again");
    const { versions } = runs.standIn.state.workers[API] as StoredWorker;
    const trusting = (...kids: string[]) => ({
      ...{ type: "plain_text", name: "TOKEN_KEYS" },
      text: JSON.stringify({ keys: kids.map((kid) => ({ kid, x: `of ${kid}` })) }),
    });
    const [former, present] = versions.splice(-2) as [StoredVersion, StoredVersion];
    versions.push({ ...former, bindings: [trusting("stolen", "mine")] });
    versions.push({ ...present, bindings: [trusting("mine", "new")] });
    expect(await rollback()).toContain("TOKEN_KEYS then accepts again: stolen.");
  });

  it("goes to a release by its name, and there is nothing to do the second time", async () => {
    const runs = await threeReleases();
    await runs.rollback("r1");
    expect(of(runs)).toEqual(["v1 of r1 100 %", "v1 of r1 100 %", "v1 of r1 100 %"]);
    runs.standIn.calls = [];
    await runs.rollback("r1");
    expect(runs.standIn.changes).toEqual([]);
    await expect(runs.rollback("r7")).rejects.toThrow("No Worker has a version of r7. Known are r1.");
  });

  it("leaves a release out that was put back", async () => {
    const runs = await deployed();
    change(runs, "workers/api");
    runs.smoke = async () => ({ ok: false, steps: [{ name: "ready", ok: false, ms: 1 }] });
    await runs.deploy("r2");
    runs.smoke = async () => ({ ok: true, steps: [] });
    runs.standIn.state.code["workers/api"] = "v3";
    await runs.deploy("r3");
    await runs.rollback();
    expect(servedIn(runs.standIn.state)[API]).toBe("v1 of r1 100 %");
  });

  it("is followed by the next release as by any other", async () => {
    const runs = await threeReleases();
    await runs.rollback("r1");
    expect((await runs.deploy("r3")).isDone).toBe(true);
    expect(of(runs)).toEqual(["v2 of r3 100 %", "v1 of r1 100 %", "v3 of r3 100 %"]);
  });

  it("puts a Worker back that a killed rollout left between two versions", async () => {
    const runs = await deployed();
    change(runs, "workers/api");
    runs.standIn.plan((call) => (call.includes("50 %") ? "kill-before" : undefined));
    await Promise.race([runs.deploy("r2"), runs.standIn.death]);
    const other = new Runs(new StandIn(runs.standIn.state));
    await other.rollback();
    expect(servedIn(other.standIn.state)[API]).toBe("v1 of r1 100 %");
  });

  it("names a Worker that was deleted, and puts the others back", async () => {
    const runs = await threeReleases();
    delete runs.standIn.state.workers["concord-dlq-staging"];
    const plan = await planRollback(runs.account, runs.workers, "r1");
    expect(rollbackLines(plan).join("\n")).toMatch(/workers\/dlq +is missing: the account has no concord-dlq-staging/);
    await runs.rollback("r1");
    expect(of(runs)).toEqual(["v1 of r1 100 %", undefined, "v1 of r1 100 %"]);
  });
});
