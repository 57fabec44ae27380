import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { smokeTest } from "../../deploy/smoke/smoke.ts";
import { type Edge, type EdgeAnswer, type EdgeRequest, startEdge } from "../../local/edge.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { StandIn } from "./account/stand-in.ts";
import { trafficOf } from "./account/state.ts";
import { Runs, servedIn } from "./runs.ts";

/**
 * An account that is played, with a platform that runs: a local stack stands for what is deployed to it. Where the
 * account would serve a version whose code is "broken", the edge answers in its Worker's place.
 */
let stack: Stack;
let edge: Edge;
const runs = new Runs(new StandIn());
/** The versions that answered requests which asked for none. */
const served = new Set<string>();

beforeAll(async () => {
  stack = await startStack();
  edge = await startEdge({ target: () => stack.url, intercept: (request) => answerOfAccount(request) });
  runs.smoke = (headers, onStep) =>
    smokeTest({ url: edge.url, credential: "dev:dev", signingKey: undefined, headers }, onStep);
});
afterAll(async () => {
  await edge?.close();
  await stack?.stop();
});

const WORKERS: Readonly<Record<string, string>> = { topics: "ingest", graphql: "api", live: "devices", ops: "dlq" };

async function answerOfAccount({ path, headers }: EdgeRequest): Promise<EdgeAnswer | undefined> {
  const overrides = String(headers["cloudflare-workers-version-overrides"] ?? "");
  if (path === "/readyz") return readiness(overrides);
  const worker = WORKERS[path.split(/[/?]/)[1] ?? ""];
  if (worker === undefined) return undefined;
  const { name, version, isAsked } = answering(`concord-${worker}-staging`, overrides);
  const code = version?.code;
  if (!isAsked) served.add(`${name} ${code}`);
  return code === "broken" ? { status: 500, body: '{"errors":[{"message":"broken by this release"}]}' } : undefined;
}

/** What the running platform says, with the versions that the account has. */
async function readiness(overrides: string): Promise<EdgeAnswer> {
  const ready = (await (await fetch(new URL("/readyz", stack.url))).json()) as {
    version: string | undefined;
    readonly workers: Record<string, { version: string | undefined }>;
  };
  ready.version = answering("concord-staging", overrides).version?.id;
  for (const [part, worker] of Object.entries(ready.workers)) {
    const name = `concord-${part === "live" ? "devices" : part}-staging`;
    worker.version = answering(name, overrides).version?.id;
  }
  return { status: 200, body: JSON.stringify(ready) };
}

/** The version that the header names, or else that which has the largest share. */
function answering(name: string, overrides: string) {
  const worker = runs.standIn.state.workers[name];
  const asked = overrides.split(/, */).find((each) => each.startsWith(`${name}=`));
  const traffic = trafficOf(worker).toSorted((a, b) => b.percentage - a.percentage);
  const id = asked?.split('"')[1] ?? traffic[0]?.version_id;
  return { name, version: worker?.versions.find((version) => version.id === id), isAsked: asked !== undefined };
}

const API = "concord-api-staging";
const apiServes = () => servedIn(runs.standIn.state)[API];

/** One release after the other, each on what the one before has left. */
describe("a release, with the smoke test of a platform that runs", { timeout: 240_000 }, () => {
  it("is provisioned and deployed into an empty account", async () => {
    expect(await runs.bringUp("r1")).toBe(true);
    expect(runs.text).toMatch(/✓ smoke test, 10 steps/);
    expect(apiServes()).toBe("v1 of r1 100 %");
  });

  it("is put back when the smoke test fails, and nobody else has met it", async () => {
    const before = servedIn(runs.standIn.state);
    runs.standIn.state.code["workers/api"] = "broken";
    runs.lines.length = 0;
    served.clear();
    expect((await runs.deploy("r2")).isDone).toBe(false);
    expect(runs.text).toMatch(/✗ what an earlier test left is cleaned up: POST \/graphql .*broken by this release/);
    expect(servedIn(runs.standIn.state)).toEqual(before);
    expect(served).not.toContain(`${API} broken`);
    expect((await runs.smoke({}, () => {})).ok).toBe(true);
  });

  it("is rolled out once it is repaired, and has nothing to do when it is repeated", async () => {
    runs.standIn.state.code["workers/api"] = "v3";
    runs.lines.length = 0;
    expect((await runs.deploy("r3")).isDone).toBe(true);
    expect(apiServes()).toBe("v3 of r3 100 %");
    // At 0, 10, 50 and 100 percent.
    expect(runs.text.match(/✓ smoke test/g)).toHaveLength(4);
    const { plan } = await runs.deploy("r3");
    expect(plan.chosen).toEqual([]);
  });

  it("is rolled back, and what is served then passes", async () => {
    await runs.rollback();
    expect(apiServes()).toBe("v1 of r1 100 %");
    expect((await runs.smoke({}, () => {})).ok).toBe(true);
  });
});
