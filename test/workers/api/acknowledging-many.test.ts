import { createExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { AlertsService } from "./main.ts";
import { alertId, MutatedApi, newDevice, OUTAGE, TOKEN_HEADER } from "./mutated-api.ts";
import { ask, dealerScope, emptyTables, OPS, seedAlerts, seedDevices, watchStatements } from "./support.ts";

let api: MutatedApi;
let key: string;

beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await emptyTables();
  api = new MutatedApi();
  key = await newDevice();
  await seedAlerts(
    { deviceKey: key, alertId: "a", raised: 5 },
    { deviceKey: key, alertId: "b", raised: 6 },
    { deviceKey: key, alertId: "cleared", raised: 5, cleared: 7 },
  );
});

const MANY = `mutation ($ids: [ID!]!) { acknowledgeAlerts(input: { ids: $ids }) {
  results { alert { alertId state } outcome userErrors { code field message } } userErrors { code field message } } }`;

async function acknowledge(ids: readonly string[], options: Parameters<typeof ask>[1] = {}) {
  const answer = await ask(MANY, { env: api.its, variables: { ids }, ...options });
  return { ...answer, payload: answer.data?.acknowledgeAlerts };
}
const own = (...names: string[]) => names.map((name) => alertId(key, name));
const done = (name: string, outcome = "APPLIED") => ({
  alert: { alertId: name, state: "ACKNOWLEDGED" },
  outcome,
  userErrors: [],
});

describe("acknowledging several alerts", () => {
  it("has one result for each, in the order of the ids, and shows them in its own answer", async () => {
    const { payload, errors, headers } = await acknowledge(own("b", "a"));
    expect(errors).toBeUndefined();
    expect(payload).toEqual({ results: [done("b"), done("a")], userErrors: [] });
    expect(headers.get(TOKEN_HEADER)).toBeTruthy();
    expect(api.reports.map(({ accepted, outcomes }) => [accepted, outcomes])).toEqual([
      [{ "device.elt.alert.acknowledged": 2 }, { "device.elt.alert.acknowledged applied": 2 }],
    ]);
    expect((await acknowledge(own("a", "b"))).payload.results).toEqual([
      done("a", "UNCHANGED"),
      done("b", "UNCHANGED"),
    ]);
  });

  it("says of each what is wrong with it, and does the others", async () => {
    const ids = [...own("none", "a", "cleared"), "%", btoa(`Device:${key}`), ...own("a", "b")];
    const { payload } = await acknowledge(ids);
    const wrong = payload.results.map(({ userErrors }: { userErrors: { code: string; field: string[] }[] }) =>
      userErrors.map(({ code, field }) => `${code} ${field.join(".")}`),
    );
    expect(wrong).toEqual([
      ["NOT_FOUND ids.0"],
      [],
      ["ALREADY_CLEARED ids.2"],
      ["INVALID_INPUT ids.3"],
      ["INVALID_INPUT ids.4"],
      ["INVALID_INPUT ids.5"],
      [],
    ]);
    expect(payload.results[5].userErrors[0].message).toBe(
      "This is the alert of `ids.1` once more. Name each alert once.",
    );
    expect([payload.results[1], payload.results[6]]).toEqual([done("a"), done("b")]);
  });

  it("answers for another dealer's alert as for one that does not exist", async () => {
    await seedDevices({ key: "elt:others", dealers: [[1, "D-2"]] });
    await seedAlerts({ deviceKey: "elt:others", alertId: "x", raised: 5 });
    const ids = [alertId("elt:others", "x"), alertId("elt:others", "none"), ...own("a")];
    const { payload } = await acknowledge(ids, { scope: dealerScope("D-1") });
    const [foreign, missing, a] = payload.results;
    const without = (result: object) => JSON.stringify(result).replace(/"field":\[[^\]]*\]/g, "");
    expect(without(foreign)).toBe(without(missing));
    expect(a).toEqual(done("a"));
    const { data } = await ask('{ alerts(filter: { deviceKey: "elt:others" }) { nodes { state } } }', { scope: OPS });
    expect(data.alerts.nodes).toEqual([{ state: "OPEN" }]);
  });

  it.each([
    ["none", 0],
    ["more than a parcel holds", 101],
  ])("is refused as a whole for %s", async (_, count) => {
    const { payload, errors } = await acknowledge(Array.from({ length: count }, (_, i) => alertId(key, `n-${i}`)));
    if (count > 100) expect(errors).toMatchObject([{ extensions: { code: "COST_LIMIT", limit: "pageSize" } }]);
    else {
      expect(payload.results).toEqual([]);
      expect(payload.userErrors).toEqual([
        {
          code: "INVALID_INPUT",
          field: ["ids"],
          message: "`ids` has 0 entries. Nothing was done: name 1 to 100 alerts.",
        },
      ]);
    }
  });

  it("of a hundred takes as many statements as of one, and one call of the consumer", async () => {
    const names = Array.from({ length: 100 }, (_, i) => `n-${String(i).padStart(3, "0")}`);
    await seedAlerts(...names.map((name) => ({ deviceKey: key, alertId: name, raised: 5 })));
    const counted = async (ids: readonly string[], scope = OPS as Parameters<typeof ask>[1] & object) => {
      const watched = watchStatements();
      const env = { ...api.its, DB: watched.env.DB };
      const { payload } = await acknowledge(ids, { env, scope: scope as never });
      return { statements: watched.statements.length, payload };
    };
    const one = await counted(own("a"), dealerScope("D-1") as never);
    const many = await counted(own(...names), dealerScope("D-1") as never);
    expect(many.payload.results).toEqual(names.map((name) => done(name)));
    expect(many.statements).toBe(one.statements);
    expect(api.reports).toHaveLength(2);
    expect((await acknowledge(own("b"))).extensions.concord.cost).toBe(3);
    expect((await acknowledge(own(...names))).extensions.concord.cost).toBe(201);
  });

  it("is pending while D1 is out of reach, and an outage that leaves nothing if the queue is too", async () => {
    api.takeD1Out();
    const { payload } = await acknowledge(own("a", "b"));
    expect(payload.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["PENDING", "PENDING"]);
    await api.deliver();
    expect((await acknowledge(own("a"))).payload.results).toEqual([done("a", "UNCHANGED")]);
    await emptyTables();
    key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    api.events.callsLeft = 0;
    const { data, errors } = await acknowledge(own("a"));
    expect(data).toEqual({ acknowledgeAlerts: null });
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
  });

  it("says of each whether it was stored, if D1 takes some and the queue none of the others", async () => {
    const commands = {
      ...api.its.INGEST_COMMANDS,
      acknowledgeAlerts: async () => ({ outcomes: ["applied", null] as const, consistencyToken: null }),
    };
    const { payload } = await acknowledge(own("a", "b"), { env: { ...api.its, INGEST_COMMANDS: commands } as never });
    expect(payload.results).toMatchObject([
      { outcome: "APPLIED", userErrors: [] },
      { outcome: null, alert: { state: "OPEN" }, userErrors: [{ code: "UNAVAILABLE", field: ["ids", "1"] }] },
    ]);
  });

  it("is offered to other Workers, with an answer for a key that is there twice", async () => {
    const alerts = new AlertsService(createExecutionContext(), api.its);
    const deviceKey = key as "elt:1";
    const keys = ["a", "none", "a"].map((name) => ({ deviceKey, alertId: name }));
    const { value } = await alerts.acknowledgeAll({ scope: dealerScope("D-1") }, keys);
    expect(value).toMatchObject([
      { kind: "acknowledged", outcome: "applied" },
      { kind: "notFound" },
      { kind: "acknowledged", outcome: "applied" },
    ]);
    expect((await alerts.acknowledgeAll({ scope: OPS }, [])).value).toEqual([]);
    const tooMany = Array.from({ length: 101 }, () => ({ deviceKey, alertId: "a" }));
    await expect(alerts.acknowledgeAll({ scope: OPS }, tooMany)).rejects.toThrow(RangeError);
    expect(OUTAGE).toBeInstanceOf(Error);
  });
});
