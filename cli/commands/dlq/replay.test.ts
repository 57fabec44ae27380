import { afterEach, describe, expect, it } from "vitest";
import type { Run } from "#ops/api.ts";
import { concordDlq, type Surroundings } from "../../../test/support/fake-terminal.ts";
import { type Answers, type OpsStub, refusal, run, startOpsStub } from "../../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

const PLANNED = run({
  plan: {
    selected: 9,
    passes: 5,
    superseded: 1,
    stillFailing: [{ group: "g-2", signature: "not_json\u001b[2J", count: 2 }],
    refused: [{ why: "resolved", count: 1 }],
  },
  progress: { total: 6, waiting: 6 },
});
const RUNNING = run({ ...PLANNED, name: "n", state: "running", progress: { total: 6, waiting: 3, inFlight: 2 } });
const DONE = run({ ...PLANNED, name: "n", state: "done", progress: { total: 6, applied: 5, superseded: 1 } });

/** A platform that plans and starts a run, which then has these states, one for each poll; the last one stays. */
function platform(...states: Run[]): Answers {
  let polls = 0;
  return {
    "POST /plans": () => ({ status: 201, json: PLANNED }),
    "POST /runs/r-1/start": () => ({ status: 202, json: RUNNING }),
    "GET /runs/r-1": () => ({ json: states[Math.min(polls++, states.length - 1)] }),
  };
}

async function replay(answers: Answers, args: readonly string[] = ["--yes"], surroundings: Surroundings = {}) {
  stub = await startOpsStub(answers);
  return concordDlq(["replay", "--group", "g-1", "--name", "n", ...args], { url: stub.url, ...surroundings });
}

describe("a replay", () => {
  it("is planned, shown, started with the hash of the plan, and watched to its end", async () => {
    const { code, out, err, drawn } = await replay(platform(RUNNING, DONE), [
      ...["--yes", "--rate", "5", "--canary", "0", "--max-failure-percent", "2.5", "--force"],
    ]);
    expect(code).toBe(0);
    expect(stub?.routes()).toEqual(["POST /plans", "POST /runs/r-1/start", "GET /runs/r-1", "GET /runs/r-1"]);
    expect(JSON.parse(stub?.requests[0]?.body ?? "")).toEqual({ selection: { group: "g-1" }, force: true });
    const settings = { hash: "h-1", name: "n", rate: 5, canary: 0, maxFailurePercent: 2.5 };
    expect(JSON.parse(stub?.requests[1]?.body ?? "")).toEqual(settings);
    expect(err.split("\n").map((line) => line.trimEnd())).toEqual([
      "PLAN          LETTERS  NOTE",
      "selected            9",
      "pass                5  will be applied or unchanged",
      "superseded          1  a newer event was applied; resolved without a write",
      "fail again          2  not_json [2J",
      "not sent            1  resolved",
      "will be sent        6",
    ]);
    expect(drawn).toBe("1/6  0 failed\n6/6  done\n");
    expect(out).toContain("run r-1 is done: 5 applied, 0 unchanged, 0 duplicate, 1 superseded, 0 failed");
  });

  it.each([
    ["y", true],
    ["Yes", true],
    ["", false],
    ["n", false],
    ["yeah?", false],
  ])("whose question is answered %j is started: %s", async (answer, isStarted) => {
    const { code, err, questions } = await replay(platform(DONE), [], { answer });
    expect(code).toBe(0);
    expect(questions).toEqual(["Replay 6 letters? [y/N] "]);
    expect(stub?.routes().includes("POST /runs/r-1/start")).toBe(isStarted);
    if (!isStarted) expect(err).toContain("no letter was sent");
  });

  it("is refused when the letters have changed since the plan", async () => {
    const answers = { ...platform(DONE), "POST /runs/r-1/start": () => refusal(409, "The letters have changed.") };
    const { code, err } = await replay(answers);
    expect([code, err]).toEqual([6, expect.stringContaining("The letters have changed.")]);
    expect(stub?.routes()).toEqual(["POST /plans", "POST /runs/r-1/start"]);
  });

  it("that would send no letter ends with 3, and is not started", async () => {
    const { code, out } = await replay({ "POST /plans": () => ({ json: run({ plan: { selected: 4 } }) }) });
    expect([code, out]).toEqual([3, expect.stringMatching(/selected +4/)]);
    expect(stub?.routes()).toEqual(["POST /plans"]);
  });

  it("that is paused ends with 4, and says why and what to do", async () => {
    const paused = run({ ...RUNNING, state: "paused", why: "30 % have failed", progress: { total: 6, failed: 3 } });
    const { code, err } = await replay(platform(RUNNING, paused));
    expect([code, err]).toEqual([
      4,
      expect.stringMatching(/r-1 is paused: 30 % have failed\. .*concord dlq runs resume r-1/),
    ]);
  });

  it.each([
    [run({ ...DONE, progress: { total: 6, failed: 1, applied: 5 } }), /1 letter failed again; `concord dlq groups`/],
    [run({ ...DONE, state: "canceled", progress: { total: 6, waiting: 4 } }), /canceled\. 4 letters not sent/],
  ])("that did not succeed ends with 4 and says why: %#", async (ended, why) => {
    const { code, err } = await replay(platform(ended));
    expect([code, err]).toEqual([4, expect.stringMatching(why)]);
  });

  it("continues after Ctrl-C, which prints how to pause it", async () => {
    const { code, out, err } = await replay(platform(RUNNING), ["--yes"], {
      onSleep: (count, interrupt) => count === 1 && interrupt(),
    });
    expect([code, out]).toEqual([0, ""]);
    expect(err).toMatch(/Run r-1 continues\..*concord dlq runs pause r-1/);
    expect(stub?.routes()).not.toContain("POST /runs/r-1/pause");
  });

  it("stays watched through an outage of the operations API, and is reported to continue after a long one", async () => {
    let polls = 0;
    const back = await replay({
      ...platform(),
      "GET /runs/r-1": () => (polls++ < 5 ? refusal(503, "Not now.") : { json: DONE }),
    });
    expect(back.code).toBe(0);
    await stub?.stop();
    const away = await replay({ ...platform(), "GET /runs/r-1": () => refusal(503, "Not now.") });
    expect([away.code, away.err]).toEqual([1, expect.stringMatching(/Not now\.\nRun r-1 continues\./)]);
  });

  it("with --json prints one document and no progress", async () => {
    const { out, err, drawn } = await replay(platform(RUNNING, DONE), ["--yes", "--json"]);
    expect([JSON.parse(out), err, drawn]).toEqual([DONE, "", ""]);
  });

  it("with --detach is not watched", async () => {
    const { code, out } = await replay(platform(DONE), ["--yes", "--detach"]);
    expect([code, out]).toEqual([0, "run r-1 is running"]);
    expect(stub?.routes()).not.toContain("GET /runs/r-1");
  });
});

describe("a plan", () => {
  it("starts no run", async () => {
    stub = await startOpsStub(platform());
    const { code, out } = await concordDlq(["plan", "--id", "l-1", "--id", "l-2"], { url: stub.url });
    expect([code, out]).toEqual([0, expect.stringContaining("run r-1")]);
    expect(stub.routes()).toEqual(["POST /plans"]);
    expect(JSON.parse(stub.requests[0]?.body ?? "")).toEqual({ selection: { ids: ["l-1", "l-2"] }, force: false });
  });
});

describe("concord dlq runs", () => {
  it.each([
    [["pause", "r-1"], "POST /runs/r-1/pause"],
    [["resume", "r-1"], "POST /runs/r-1/resume"],
    [["r-1", "--cancel"], "POST /runs/r-1/cancel"],
    [["r-1"], "GET /runs/r-1"],
  ])("%j sends %s", async (args, route) => {
    stub = await startOpsStub({ [route]: () => ({ json: RUNNING }) });
    const { code, out } = await concordDlq(["runs", ...args], { url: stub.url });
    expect([code, stub.routes(), out]).toEqual([0, [route], expect.stringContaining("run r-1 is running")]);
  });

  it("lists runs with their progress", async () => {
    stub = await startOpsStub({ "GET /runs": () => ({ json: { runs: [RUNNING], nextCursor: null } }) });
    expect((await concordDlq(["runs"], { url: stub.url })).out).toMatch(/r-1 +running .* 1\/6 +0 +ann@example.com +n/);
  });

  it("--wait watches a run, and ends with 4 when it is canceled", async () => {
    stub = await startOpsStub(platform(RUNNING, run({ ...DONE, state: "canceled" })));
    expect((await concordDlq(["runs", "r-1", "--wait"], { url: stub.url })).code).toBe(4);
  });
});
