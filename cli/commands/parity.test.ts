import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { concord } from "../../test/support/fake-terminal.ts";
import { found, onPause, type ParityStub, startParity } from "../../test/support/parity-command.ts";
import { alter, PARITY_YAML } from "../../test/support/parity-sides.ts";

let parity: ParityStub;
beforeEach(async () => {
  parity = await startParity();
});
afterEach(() => parity.stop());

describe("concord parity", () => {
  it("ends with 0 where the sides agree after their mapping, and has compared everything", async () => {
    const { code, report, err } = await parity.json();
    expect([code, report.verdict, found(report), err]).toEqual([0, "clean", [], ""]);
    expect(report.items).toEqual({ all: 24, compared: 24, same: 24, differ: 0 });
    expect(report.totals.match).toBe(report.totals.compared);
    // A device as a whole and nine fields, of 12; 18 alerts of four fields, each also as an item.
    expect(report.totals.compared).toBe(12 * 10 + 12 + 18 * 5);
    expect(existsSync(join(parity.folder, "parity.state.json"))).toBe(false);
  });

  it("finds each planted difference and nothing else, and says what it looks like", async () => {
    const { newWorld } = parity;
    alter(newWorld, "elt:E-1", { model: "Brisa 4 " });
    alter(newWorld, "elt:E-2", { serial: null });
    alter(newWorld, "elt:E-3", { dealer: { id: "D-9", name: "Dealer 0" } });
    alter(newWorld, "elt:E-5", { lastSeen: "2026-11-23T06:00:05.000Z" });
    alter(newWorld, "elt:E-6", { lastSeen: "2026-11-23T12:00:06.250Z" });
    alter(newWorld, "elt:E-7", { alerts: (newWorld.get("elt:E-7")?.alerts ?? []).slice(1) });
    newWorld.delete("elt:E-8");
    alter(newWorld, "elt:E-10", { temperatureC: 69.5 * 1.8 + 32 });
    const { code, report, err } = await parity.json();
    expect([code, err]).toEqual([4, expect.stringContaining("9 differences in 8 fields of 9 items")]);
    expect(new Set(found(report))).toEqual(
      new Set([
        ["device", 0, 0, 1, 0],
        ["alerts", 0, 0, 1, 0],
        ["device.model", 1, 0, 0, 0],
        ["device.serialNumber", 0, 0, 1, 0],
        ["device.dealer.dealerId", 1, 0, 0, 0],
        ["device.reportedAt", 2, 0, 0, 0],
        ["device.temperatureC", 1, 0, 0, 0],
        ["alerts.alerts[]", 0, 0, 1, 0],
      ]),
    );
    const examples = report.fields.flatMap(({ examples: all }) => all);
    expect(Object.fromEntries(examples.map(({ id, at, likeness = "" }) => [`${id} ${at}`, likeness]))).toMatchObject({
      "elt:E-1 model": "the same, apart from blanks around it",
      "elt:E-5 reportedAt": "the new side's time is cut off to seconds",
      "elt:E-6 reportedAt": "exactly 6 h apart, as of another time zone",
      "elt:E-7 alerts[A-7-0]": "",
    });
  });

  it("calls a difference lagging once both sides have what the new one had, and nothing else", async () => {
    const { oldWorld, newWorld } = parity;
    alter(newWorld, "elt:E-1", { model: "Alto 3" });
    alter(newWorld, "elt:E-2", { model: "Alto 3" });
    alter(newWorld, "elt:E-3", { model: "Alto 3" });
    // Between the two times that they are asked for, a batch reaches the old side; somebody changes the new one.
    const onSleep = onPause(() => {
      alter(oldWorld, "elt:E-1", { model: "Alto 3" });
      alter(newWorld, "elt:E-2", { model: "Alto 2" });
    });
    const { code, report } = await parity.json([], { onSleep });
    expect(code).toBe(4);
    const { lagging, moved, mismatch } = report.totals;
    expect({ lagging, moved, mismatch }).toEqual({ lagging: 1, moved: 1, mismatch: 1 });
    expect(report.settled.map(({ id, state }) => [id, state])).toEqual([
      ["elt:E-1", "lagging"],
      ["elt:E-2", "moved"],
    ]);
    expect(report.ids).toEqual([{ document: "device", id: "elt:E-3", differences: 1, fields: ["device.model"] }]);
  });

  it("leaves out what the old side answers at random, and says so", async () => {
    const yaml = PARITY_YAML.replace("online lastSeen features }", "online lastSeen features requestId }")
      .replace("model features dealer", "model extra: serialNumber features dealer")
      .replace("      model:\n", "      model:\n      requestId: { new: extra }\n");
    const { code, report } = await parity.json([], { yaml });
    expect([code, report.totals.noise, found(report)]).toEqual([0, 12, []]);
    expect(report.noise).toMatchObject([
      { field: "device.requestId", compared: 4, differed: 4, isLeftOut: true, differences: 12 },
    ]);
  });

  it.each([
    [
      "noise, where the old side answers something else again",
      ["Q", "R", "S", "T"],
      { noise: 1, lagging: 0, mismatch: 0 },
    ],
    ["a lag, where it has what the new side had by then", ["Q", "Brisa 4"], { noise: 0, lagging: 1, mismatch: 0 }],
    ["a mismatch, where it says the same again", ["Q"], { noise: 0, lagging: 0, mismatch: 1 }],
  ])("asks the old side at once again where it differs, and calls it %s", async (_, models, expected) => {
    const { old, oldWorld } = parity;
    let times = 0;
    old.state.interfere = async ({ variables, query }, answer) => {
      if (variables.id !== "elt:E-11" || !query.includes("getDevice")) return undefined;
      alter(oldWorld, "elt:E-11", { model: models[Math.min(times++, models.length - 1)] as string });
      return { body: await answer() };
    };
    const yaml = PARITY_YAML.replace("control: 4", "control: 0").replace("times: 1", "times: 0");
    const { report } = await parity.json([], { yaml });
    expect(report.totals).toMatchObject(expected);
    expect(times).toBe(2);
  });

  it("tells errors from differences: a field with an error is neither a match nor a difference", async () => {
    const { newer } = parity;
    newer.state.interfere = async ({ variables }, answer) => {
      const body = (await answer()) as { data: { device: { report: unknown; alerts: unknown } } };
      if (variables.key === "elt:E-1" && body.data.device.report) {
        body.data.device.report = null;
        return { body: { ...body, errors: [{ message: "no report", path: ["device", "report", "online"] }] } };
      }
      if (variables.key === "elt:E-2" && body.data.device.alerts)
        return { body: { data: null, errors: [{ message: "boom" }] } };
      return { body };
    };
    const { code, report, err } = await parity.json();
    expect([code, report.verdict]).toEqual([1, "errors"]);
    expect(err).toContain("Nothing differs, but 4 values could not be compared");
    expect(found(report)).toEqual([
      ["device.temperatureC", 0, 0, 0, 1],
      ["device.online", 0, 0, 0, 1],
      ["device.reportedAt", 0, 0, 0, 1],
      ["alerts", 0, 0, 0, 1],
    ]);
    expect(report.errors).toEqual([
      { document: "device", message: "new: no report", count: 3, ids: ["elt:E-1"] },
      { document: "alerts", message: "new: boom", count: 1, ids: ["elt:E-2"] },
    ]);
  });

  it.each([
    ["429", { status: 429, headers: { "Retry-After": "3" }, body: { errors: [{ message: "slow down" }] } }],
    ["503 without GraphQL", { status: 503, body: "<html>maintenance</html>" }],
    ["AppSync's throttling", { body: { data: null, errors: [{ message: "Rate", errorType: "ThrottlingException" }] } }],
    [
      "Concord's outage",
      {
        body: {
          data: { device: null },
          errors: [{ message: "D1", path: ["device"], extensions: { code: "UPSTREAM_UNAVAILABLE" } }],
        },
      },
    ],
  ])("asks again after %s, and compares what is answered then", async (_, refusal) => {
    const { newer } = parity;
    let refused = 0;
    newer.state.interfere = () => (refused++ < 3 ? refusal : undefined);
    const { code, report } = await parity.json();
    expect([code, report.verdict, report.repeatedRequests]).toEqual([0, "clean", 3]);
  });

  it("waits as long as Retry-After says, and sends no request to that side meanwhile", async () => {
    const { newer } = parity;
    newer.state.interfere = () =>
      newer.asked.length === 1 ? { status: 429, headers: { "Retry-After": "7" }, body: {} } : undefined;
    const { report } = await parity.json();
    const seconds = (Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1_000;
    expect(seconds).toBeGreaterThanOrEqual(7);
    expect(seconds).toBeLessThan(9);
  });

  it("has no more requests in flight than a side takes, and no more a second", async () => {
    const { old } = parity;
    old.state.interfere = async (_, answer) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return { body: await answer() };
    };
    const { report } = await parity.json([], {
      yaml: PARITY_YAML.replace("old: { perSecond: 10000 }", "old: { perSecond: 5, inFlight: 2 }"),
    });
    expect(old.state.mostInFlight).toBeLessThanOrEqual(2);
    const seconds = (Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1_000;
    expect(seconds).toBeGreaterThanOrEqual((report.old.requests - 1) / 5);
    expect(report.old.requests).toBe(old.asked.length);
  });

  it("stops at refused credentials with 5, and at a side that is away with 1, and keeps what it has", async () => {
    const { newer } = parity;
    newer.state.interfere = () => ({ status: 401, body: { errors: [{ message: "no" }] } });
    expect(await parity.run()).toMatchObject({
      code: 5,
      err: expect.stringMatching(/the new side refuses these credentials.*Check new\.headers/),
    });
    newer.state.interfere = () => ({ status: 502, body: "" });
    expect(await parity.run(["--fresh"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/has not answered the last 10 questions/),
    });
    newer.state.interfere = undefined;
    expect(await parity.run()).toMatchObject({ code: 0, err: expect.stringContaining("Going on with the run of") });
  });

  it("has every difference in its JSON, with both values", async () => {
    alter(parity.newWorld, "elt:E-2", { model: "Alto 3" });
    const { report } = await parity.json();
    expect(report.differences).toMatchObject([
      { document: "device", id: "elt:E-2", at: "model", kind: "mismatch", old: '"Alto 2"', new: '"Alto 3"' },
    ]);
  });

  it("finds out before it asks anybody that a report could not be written", async () => {
    expect(await parity.run(["--html", "/no/such/folder/report.html"])).toMatchObject({ code: 2 });
    expect(parity.old.asked).toEqual([]);
  });

  it("finds out before it asks anybody that its state could not be written", async () => {
    const { code, err } = await parity.run(["--state", "/no/such/folder/state.json"]);
    expect([code, err]).toEqual([1, expect.stringContaining("/no/such/folder/state.json")]);
    expect(parity.old.asked).toEqual([]);
  });

  it("says what to do where there is no file", async () => {
    expect(await concord(["parity", "--config", "no-such.yaml"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^there is no no-such\.yaml\. Write one, as `concord guide parity` shows/),
    });
  });

  it("shows with --dry-run what would be compared, and asks nobody", async () => {
    const { code, out } = await parity.run(["--dry-run"]);
    expect([code, parity.old.asked, parity.newer.asked]).toEqual([0, [], []]);
    expect(out).toContain("device, for the items of devices\n  key\n  serialNumber");
    expect(out).toMatch(/old {2}http.*at most 10000 requests a second, 4 at a time/);
  });

  it("says in the terminal what differs most, with examples", async () => {
    const { newWorld } = parity;
    alter(newWorld, "elt:E-2", { model: "Alto" });
    alter(newWorld, "elt:E-4", { model: "Alto" });
    const { out } = await parity.run([], {
      yaml: `${PARITY_YAML}ignore: [{ field: device.online, reason: "HVAC-12 is accepted", until: 2027-01-31 }]`,
    });
    expect(out).toMatch(/^2 differences in 1 field of 2 items$/m);
    expect(out).toMatch(/^device\.model +12 +2 +0 +0 +0 +2 × the new side's text is cut off$/m);
    expect(out).toMatch(/^ {2}elt:E-2 model: old "Alto 2", new "Alto"$/m);
    expect(out).toMatch(/^elt:E-4 {2}1 difference in device: device\.model$/m);
    expect(out).toMatch(/^device\.online: 0 differences, until 2027-01-31: HVAC-12 is accepted$/m);
  });

  it("draws the same sample for the same seed, and another one for another", async () => {
    const { newer } = parity;
    const idsOf = async (seed: string) => {
      newer.asked.length = 0;
      const { report } = await parity.json(["--sample", "5", "--seed", seed]);
      expect(report.items.all).toBe(10);
      return new Set(newer.asked.map(({ variables }) => variables.key));
    };
    const [one, again, other] = [await idsOf("1"), await idsOf("1"), await idsOf("2")];
    expect(one.size).toBe(5);
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it("compares only what --document and --id name", async () => {
    const { newWorld } = parity;
    alter(newWorld, "elt:E-1", { model: "Alto 3" });
    const { code, report } = await parity.json(["--document", "device", "--id", "elt:E-1", "--id", "elt:E-2"]);
    expect([code, report.items.all, found(report)]).toEqual([4, 2, [["device.model", 1, 0, 0, 0]]]);
    expect(await parity.run(["--document", "device", "--id", "elt:none"])).toMatchObject({ code: 3 });
  });
});
