import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOW_MS } from "../../test/support/fake-terminal.ts";
import { onPause, type ParityStub, startParity } from "../../test/support/parity-command.ts";
import { alter, PARITY_YAML } from "../../test/support/parity-sides.ts";

let parity: ParityStub;
beforeEach(async () => {
  parity = await startParity();
});
afterEach(() => parity.stop());

describe("concord parity --until-clean", () => {
  it("ends when nothing has differed for so long, and a proved lag does not count", async () => {
    const { oldWorld, newWorld } = parity;
    alter(newWorld, "elt:E-1", { model: "Alto 3" });
    const onSleep = onPause((count) => {
      if (count === 3) alter(oldWorld, "elt:E-1", { model: "Alto 3" });
    });
    const { code, report } = await parity.json(["--document", "device", "--until-clean", "5m"], { onSleep });
    expect([code, report.ending, report.totals.lagging]).toEqual([0, "clean", 1]);
    // Rounds at 0, 1, … 5 minutes: the lag was there from the beginning, and is forgiven once it is proved.
    const beganMs = Date.parse(report.clean?.from ?? "") - Date.parse(report.startedAt);
    expect(beganMs).toBeLessThan(1_000);
    expect(report.clean?.forMs).toBeGreaterThanOrEqual(300_000);
  });

  it("begins to count anew after a difference that was no lag", async () => {
    const { newWorld } = parity;
    alter(newWorld, "elt:E-1", { model: "Alto 3" });
    const onSleep = onPause((count) => {
      if (count === 3) alter(newWorld, "elt:E-1", { model: "Brisa 4" });
    });
    const { code, report } = await parity.json(["--document", "device", "--until-clean", "5m"], { onSleep });
    expect([code, report.totals.moved]).toEqual([0, 1]);
    const from = (Date.parse(report.clean?.from ?? "") - Date.parse(report.startedAt)) / 60_000;
    expect(from).toBeGreaterThanOrEqual(3);
  });

  it("gives up after --at-most, with 4 while something differs", async () => {
    const { newWorld } = parity;
    alter(newWorld, "elt:E-1", { model: "Alto 3" });
    const { code, report } = await parity.json(["--document", "device", "--until-clean", "5m", "--at-most", "12m"]);
    expect([code, report.ending]).toEqual([4, "time is up"]);
    // Until it was first seen, milliseconds after the beginning.
    expect(report.clean?.forMs).toBeLessThan(1_000);
  });

  it("survives Ctrl-C: the report says so, and the same command goes on with what was clean", async () => {
    const html = join(parity.folder, "report.html");
    const first = await parity.json(["--document", "device", "--until-clean", "5m", "--html", html], {
      onSleep: onPause((count, interrupt) => void (count === 2 && interrupt())),
    });
    expect(first).toMatchObject({ code: 1, report: { ending: "stopped", verdict: "unfinished" } });
    expect(first.err).toMatch(/the same command goes on from here/);
    expect(readFileSync(html, "utf8")).toContain("Not finished");
    const second = await parity.json(["--document", "device", "--until-clean", "5m", "--html", html]);
    expect(second).toMatchObject({ code: 0, report: { ending: "clean" } });
  });

  it.each([
    ["goes on with the clean time after a short break", 60_000, true],
    ["begins the clean time anew after a break in which nobody knows what differed", 600_000, false],
  ])("%s", async (_, breakMs, isKept) => {
    const path = join(parity.folder, "parity.state.json");
    const onSleep = onPause((count, interrupt) => void (count === 2 && interrupt()));
    await parity.run(["--document", "device", "--until-clean", "5m"], { onSleep });
    // As if it had been stopped so long before the next call, whose clock begins where that of the first one did.
    const state = JSON.parse(readFileSync(path, "utf8"));
    const shiftMs = state.savedMs - NOW_MS + breakMs;
    const observedMs = state.observedMs.map((ms: number) => ms - shiftMs);
    writeFileSync(path, JSON.stringify({ ...state, savedMs: state.savedMs - shiftMs, observedMs }));
    const { code, report } = await parity.json(["--document", "device", "--until-clean", "5m"]);
    expect([code, Date.parse(report.clean?.from ?? "") < NOW_MS]).toEqual([0, isKept]);
  });

  it("goes on when a side has been away, and the clean time begins anew", async () => {
    const { newer } = parity;
    let [nowMs, pauses, isBackMs] = [0, 0, 0];
    const onSleep = (_: number, __: () => void, ms: number) => {
      nowMs += ms;
      // Shorter ones are those of a side that backs off.
      if (ms < 60_000) return;
      newer.state.interfere = ++pauses <= 5 ? () => ({ status: 502, body: "" }) : undefined;
      if (pauses === 6) isBackMs = nowMs;
    };
    const { code, report } = await parity.json(["--document", "device", "--until-clean", "3m"], { onSleep });
    expect([code, report.ending]).toEqual([0, "clean"]);
    expect(Date.parse(report.clean?.from ?? "") - Date.parse(report.startedAt)).toBeGreaterThanOrEqual(isBackMs);
  });
});

describe("a run that was stopped", () => {
  it("finishes what it has asked for, and goes on without comparing it again", async () => {
    const { newWorld } = parity;
    for (const n of [0, 5, 10]) alter(newWorld, `elt:E-${n}`, { model: "Alto 3" });
    const { newer } = parity;
    const yaml = PARITY_YAML.replace("askAgain: { times: 1, after: 1s }", "askAgain: { times: 0 }");
    // The only wait is for the old side's next turn.
    const slow = yaml.replace("old: { perSecond: 10000 }", "old: { perSecond: 2, inFlight: 1 }");
    const first = await parity.json(["--document", "device"], {
      yaml: slow,
      onSleep: (_, interrupt) => halfwayOnce(interrupt),
    });
    expect(first.report).toMatchObject({ ending: "stopped", items: { all: 12 } });
    const { compared } = first.report.items;
    expect(compared).toBeGreaterThan(3);
    expect(compared).toBeLessThan(12);
    const asked = newer.asked.length;
    const second = await parity.json(["--document", "device"], { yaml: slow });
    expect(newer.asked.length - asked).toBe(12 - compared);
    expect(second.report.totals).toMatchObject({ compared: 120, mismatch: 3 });

    function halfwayOnce(interrupt: () => void) {
      if (newer.asked.length >= 5) interrupt();
    }
  });

  it("asks for nothing more once it is stopped, though a side has told it to wait", async () => {
    const { newer } = parity;
    newer.state.interfere = () => ({ status: 429, headers: { "Retry-After": "20" }, body: {} });
    const onSleep = (_: number, interrupt: () => void, ms: number) => {
      if (ms >= 10_000) interrupt();
    };
    const { report, code } = await parity.json(["--document", "device"], { onSleep });
    expect([code, report.ending, report.items.compared, report.totals.error]).toEqual([1, "stopped", 0, 0]);
    // Those that were in flight.
    expect(newer.asked.length).toBeLessThanOrEqual(4);
  });

  it("is not mixed with another comparison", async () => {
    const { newer } = parity;
    newer.state.interfere = () => ({ status: 401, body: {} });
    await parity.run();
    newer.state.interfere = undefined;
    expect(await parity.run(["--sample", "3"])).toMatchObject({
      code: 6,
      err: expect.stringMatching(/holds a stopped run of another comparison.*Begin anew with --fresh/),
    });
    expect(await parity.run(["--sample", "3", "--fresh"])).toMatchObject({ code: 0 });
    writeFileSync(join(parity.folder, "parity.state.json"), "{}");
    expect(await parity.run()).toMatchObject({ code: 6, err: expect.stringContaining("does not hold a stopped run") });
  });
});
