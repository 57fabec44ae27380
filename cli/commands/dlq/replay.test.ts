import { afterEach, describe, expect, it } from "vitest";
import type { Run } from "../../../src/shared/desk/api.ts";
import { type Answers, type DeskStub, refusal, run, startDeskStub } from "../../../test/support/desk-stub.ts";
import { concordDlq, type Sitting } from "../../../test/support/fake-terminal.ts";

let stub: DeskStub | undefined;
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

/** A desk that plans, starts, and is then seen in these states, the last of them for ever. */
function desk(...seen: Run[]): Answers {
  let looks = 0;
  return {
    "POST /plans": () => ({ status: 201, json: PLANNED }),
    "POST /runs/r-1/start": () => ({ status: 202, json: RUNNING }),
    "GET /runs/r-1": () => ({ json: seen[Math.min(looks++, seen.length - 1)] }),
  };
}

async function replay(answers: Answers, args: readonly string[] = ["--yes"], sitting: Sitting = {}) {
  stub = await startDeskStub(answers);
  return concordDlq(["replay", "--group", "g-1", "--name", "n", ...args], { url: stub.url, ...sitting });
}

describe("a replay", () => {
  it("is planned, shown, started by the plan's hash, and watched to its end", async () => {
    const { code, out, err, drawn } = await replay(desk(RUNNING, DONE), [
      ...["--yes", "--rate", "5", "--canary", "0", "--max-failure-percent", "2.5", "--force"],
    ]);
    expect(code).toBe(0);
    expect(stub?.said()).toEqual(["POST /plans", "POST /runs/r-1/start", "GET /runs/r-1", "GET /runs/r-1"]);
    expect(JSON.parse(stub?.asked[0]?.body ?? "")).toEqual({ selection: { group: "g-1" }, force: true });
    const order = { hash: "h-1", name: "n", rate: 5, canary: 0, maxFailurePercent: 2.5 };
    expect(JSON.parse(stub?.asked[1]?.body ?? "")).toEqual(order);
    expect(err.split("\n").map((line) => line.trimEnd())).toEqual([
      "PLAN          LETTERS  WHY",
      "selected            9",
      "pass                5  and change or confirm what is known",
      "superseded          1  newer is known; they close without a write",
      "still fail          2  not_json [2J",
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
  ])("that is answered %j is started: %s", async (answer, isStarted) => {
    const { code, err, questions } = await replay(desk(DONE), [], { answer });
    expect(code).toBe(0);
    expect(questions).toEqual(["Replay 6 letters? [y/N] "]);
    expect(stub?.said().includes("POST /runs/r-1/start")).toBe(isStarted);
    if (!isStarted) expect(err).toContain("nothing was sent");
  });

  it("is refused when the letters are no longer those of the plan", async () => {
    const answers = { ...desk(DONE), "POST /runs/r-1/start": () => refusal(409, "The letters have changed.") };
    const { code, err } = await replay(answers);
    expect([code, err]).toEqual([6, expect.stringContaining("The letters have changed.")]);
    expect(stub?.said()).toEqual(["POST /plans", "POST /runs/r-1/start"]);
  });

  it("of nothing that would be sent ends with 3, and is not started", async () => {
    const { code, out } = await replay({ "POST /plans": () => ({ json: run({ plan: { selected: 4 } }) }) });
    expect([code, out]).toEqual([3, expect.stringMatching(/selected +4/)]);
    expect(stub?.said()).toEqual(["POST /plans"]);
  });

  it("that is paused ends with 4, and says why and what to do", async () => {
    const paused = run({ ...RUNNING, state: "paused", why: "30 % have failed", progress: { total: 6, failed: 3 } });
    const { code, err } = await replay(desk(RUNNING, paused));
    expect([code, err]).toEqual([4, expect.stringMatching(/r-1 is paused: 30 % have failed\. .*runs resume r-1/)]);
  });

  it.each([
    [run({ ...DONE, progress: { total: 6, failed: 1, applied: 5 } }), /1 letters have failed again/],
    [run({ ...DONE, state: "canceled", progress: { total: 6, waiting: 4 } }), /canceled\. 4 letters were not sent/],
  ])("that did not go well ends with 4", async (ended, why) => {
    const { code, err } = await replay(desk(ended));
    expect([code, err]).toEqual([4, expect.stringMatching(why)]);
  });

  it("goes on after Ctrl-C, which says so and how to pause it", async () => {
    const { code, out, err } = await replay(desk(RUNNING), ["--yes"], {
      onSleep: (count, interrupt) => count === 1 && interrupt(),
    });
    expect([code, out]).toEqual([0, ""]);
    expect(err).toMatch(/Run r-1 goes on\..*concord dlq runs pause r-1/);
    expect(stub?.said()).not.toContain("POST /runs/r-1/pause");
  });

  it("is looked at again where the desk is away for a while, and is said to go on where it stays away", async () => {
    let looks = 0;
    const back = await replay({
      ...desk(),
      "GET /runs/r-1": () => (looks++ < 5 ? refusal(503, "Not now.") : { json: DONE }),
    });
    expect(back.code).toBe(0);
    await stub?.stop();
    const away = await replay({ ...desk(), "GET /runs/r-1": () => refusal(503, "Not now.") });
    expect([away.code, away.err]).toEqual([1, expect.stringMatching(/Not now\.\nRun r-1 goes on\./)]);
  });

  it("says one document of JSON, and draws nothing", async () => {
    const { out, err, drawn } = await replay(desk(RUNNING, DONE), ["--yes", "--json"]);
    expect([JSON.parse(out), err, drawn]).toEqual([DONE, "", ""]);
  });

  it("is not waited for where that was said", async () => {
    const { code, out } = await replay(desk(DONE), ["--yes", "--detach"]);
    expect([code, out]).toEqual([0, "run r-1 is running"]);
    expect(stub?.said()).not.toContain("GET /runs/r-1");
  });
});

describe("a plan", () => {
  it("is only planned", async () => {
    stub = await startDeskStub(desk());
    const { code, out } = await concordDlq(["plan", "--id", "l-1", "--id", "l-2"], { url: stub.url });
    expect([code, out]).toEqual([0, expect.stringContaining("run r-1")]);
    expect(stub.said()).toEqual(["POST /plans"]);
    expect(JSON.parse(stub.asked[0]?.body ?? "")).toEqual({ selection: { ids: ["l-1", "l-2"] }, force: false });
  });
});

describe("runs", () => {
  it.each([
    [["pause", "r-1"], "POST /runs/r-1/pause"],
    [["resume", "r-1"], "POST /runs/r-1/resume"],
    [["r-1", "--cancel"], "POST /runs/r-1/cancel"],
    [["r-1"], "GET /runs/r-1"],
  ])("%j asks %s", async (args, what) => {
    stub = await startDeskStub({ [what]: () => ({ json: RUNNING }) });
    const { code, out } = await concordDlq(["runs", ...args], { url: stub.url });
    expect([code, stub.said(), out]).toEqual([0, [what], expect.stringContaining("run r-1 is running")]);
  });

  it("lists them with how far they are", async () => {
    stub = await startDeskStub({ "GET /runs": () => ({ json: { runs: [RUNNING], nextCursor: null } }) });
    expect((await concordDlq(["runs"], { url: stub.url })).out).toMatch(/r-1 +running .* 1\/6 +0 +ann@example.com +n/);
  });

  it("waits for one, and ends as it does", async () => {
    stub = await startDeskStub(desk(RUNNING, run({ ...DONE, state: "canceled" })));
    expect((await concordDlq(["runs", "r-1", "--wait"], { url: stub.url })).code).toBe(4);
  });
});
