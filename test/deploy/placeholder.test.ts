import { describe, expect, it } from "vitest";
import { planLines } from "../../deploy/rollout/plan.ts";
import { StandIn } from "./account/stand-in.ts";
import { Runs, SECRETS, servedIn, withoutLastClasses } from "./runs.ts";

describe("a Worker that others bind to before it is deployed", () => {
  const API = "concord-api-staging";
  const placeholders = ({ changes }: StandIn) => changes.filter((call) => call.includes("workers/placeholder"));

  it("has a placeholder until its turn comes, which the plan names", async () => {
    const runs = new Runs(new StandIn());
    await runs.provision({ secrets: SECRETS });
    const lines = planLines(await runs.plan("r1"), runs.environment);
    expect(lines.join("\n")).toMatch(
      /workers\/api +does not exist yet: a placeholder is uploaded, so that workers\/devices can bind to it/,
    );
    runs.standIn.calls = [];
    expect((await runs.deploy("r1")).isDone).toBe(true);
    const deployed = runs.standIn.changes.filter((call) => call.startsWith("deploy "));
    expect(deployed.map((call) => / -c (\S+)\/wrangler.toml|-c wrangler.toml/.exec(call)?.[1])).toEqual([
      ...["workers/placeholder", "workers/metrics", "workers/devices", "workers/archive", "workers/dlq"],
      ...["workers/ingest", "workers/api", undefined],
    ]);
    expect(runs.standIn.state.workers[API]?.versions.map(({ code, exports }) => [code, exports.length > 1])).toEqual([
      ["v1", false],
      ["v1", true],
    ]);
    expect(servedIn(runs.standIn.state)[API]).toBe("v1 of r1 100 %");
  });

  it("is needed, for the account refuses to bind to what does not exist or has only its secrets", async () => {
    const runs = new Runs(new StandIn());
    await runs.provision({ secrets: { ...SECRETS, TOKEN_SECRET: "s".repeat(32) } });
    expect(servedIn(runs.standIn.state)[API]).toBe("draft of nobody 100 %");
    const metrics = await runs.account.deployWorker("workers/metrics/wrangler.toml", "staging", {
      tag: "",
      message: "",
    });
    expect(metrics.id).not.toBe("");
    const devices = runs.account.deployWorker("workers/devices/wrangler.toml", "staging", { tag: "", message: "" });
    await expect(devices).rejects.toThrow(
      `Service binding 'OPERATIONS' references Worker '${API}' which was not found`,
    );
  });

  it("keeps its secrets, and gets no second placeholder", async () => {
    const runs = new Runs(new StandIn());
    await runs.provision({ secrets: { ...SECRETS, TOKEN_SECRET: "s".repeat(32) } });
    runs.standIn.plan((call) => (/^deploy -c workers.devices.* --tag/.test(call) ? "fail" : undefined));
    expect((await runs.deploy("r1")).isDone).toBe(false);
    expect(runs.text.match(/workers\/api stays: it was never deployed before/g)).toHaveLength(1);
    runs.standIn.plan(() => undefined);
    expect((await runs.deploy("r1")).isDone).toBe(true);
    expect(placeholders(runs.standIn)).toHaveLength(1);
    expect(Object.keys(runs.standIn.state.workers[API]?.secrets ?? {})).toEqual(["TOKEN_SECRET"]);
    await expect(runs.rollback()).rejects.toThrow("There is no release before r1");
  });

  it("gets a placeholder too where only the Worker that binds to it is deployed", async () => {
    const runs = new Runs(new StandIn());
    await runs.provision({ secrets: SECRETS });
    expect((await runs.deploy("r1", ["workers/metrics", "workers/devices"])).isDone).toBe(true);
    const served = Object.keys(servedIn(runs.standIn.state));
    expect(served).toEqual([API, "concord-devices-staging", "concord-ingest-staging", "concord-metrics-staging"]);
    expect((await runs.deploy("r1")).isDone).toBe(true);
    expect(placeholders(runs.standIn)).toHaveLength(1);
  });

  it("that serves without the entrypoint, as before hubs, stays as it is if the account refuses the binding", async () => {
    const runs = new Runs(new StandIn());
    await runs.bringUp("r1");
    const { state } = runs.standIn;
    withoutLastClasses(state);
    for (const version of state.workers[API]?.versions ?? [])
      Object.assign(version, { exports: version.exports.filter((name) => name !== "OperationsService") });
    state.code = { "workers/devices": "v2", "workers/api": "v2" };
    runs.standIn.calls = [];
    const before = servedIn(state);
    expect((await runs.deploy("r2")).isDone).toBe(false);
    expect(runs.text).toContain("Service binding 'OPERATIONS' references 'OperationsService'");
    expect([servedIn(state), placeholders(runs.standIn)]).toEqual([before, []]);
  });
});
