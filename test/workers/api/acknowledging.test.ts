import { beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import type { DeviceCommand } from "#domain/source-traits.ts";
import { SOURCE_TRAITS } from "#domain/sources.ts";
import { alertId, MutatedApi, newDevice, TOKEN_HEADER } from "./mutated-api.ts";
import { ask, at, dealerScope, emptyTables, env, nodesOf, OPS, seedAlerts, seedDevices, send } from "./support.ts";

let api: MutatedApi;

beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await emptyTables();
  api = new MutatedApi();
});

describe("acknowledging an alert", () => {
  it("is visible in its own answer, and to a query with its token, while the replica lags behind", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const far = api.behindReplica();
    const answer = await api.acknowledge(alertId(key, "a"), { env: far });
    expect(answer.data).toEqual({
      acknowledgeAlert: { alert: { alertId: "a", state: "ACKNOWLEDGED" }, outcome: "APPLIED", userErrors: [] },
    });
    const token = answer.headers.get(TOKEN_HEADER) ?? "";
    expect(answer.extensions.concord.consistencyToken).toBe(token);
    const query = "query ($id: ID!) { node(id: $id) { ... on Alert { state } } }";
    const variables = { id: alertId(key, "a") };
    const next = await ask(query, { env: far, variables, headers: { [TOKEN_HEADER]: token } });
    expect(next.data).toEqual({ node: { state: "ACKNOWLEDGED" } });
    expect((await ask(query, { env: far, variables })).data).toEqual({ node: null });
    expect(api.reports.map(({ accepted, outcomes }) => [accepted, outcomes])).toEqual([
      [{ "device.elt.alert.acknowledged": 1 }, { "device.elt.alert.acknowledged applied": 1 }],
    ]);
  });

  it("is visible to the fields after it, even if they were loaded before", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 }, { deviceKey: key, alertId: "b", raised: 6 });
    const payload =
      "{ alert { device { updatedAt alerts(filter: { state: OPEN }) { edges { node { alertId state } } } } } }";
    const { data, errors } = await ask(
      `mutation ($a: ID!, $b: ID!) {
        a: acknowledgeAlert(input: { id: $a }) ${payload} b: acknowledgeAlert(input: { id: $b }) ${payload} }`,
      { env: api.its, variables: { a: alertId(key, "a"), b: alertId(key, "b") } },
    );
    expect(errors).toBeUndefined();
    expect(nodesOf(data.a.alert.device.alerts)).toEqual([{ alertId: "b", state: "OPEN" }]);
    expect(nodesOf(data.b.alert.device.alerts)).toEqual([]);
    expect(data.b.alert.device.updatedAt).toBe(at(60));
  });

  it("is allowed to the alert's dealer, operators and services", async () => {
    const key = await newDevice();
    for (const [i, scope] of [dealerScope("D-1"), OPS, { role: "service" } as const].entries()) {
      await seedAlerts({ deviceKey: key, alertId: `a-${i}`, raised: 5 });
      const { data } = await api.acknowledge(alertId(key, `a-${i}`), { scope });
      expect(data.acknowledgeAlert.outcome).toBe("APPLIED");
    }
  });

  it("answers for another dealer's alert as for one that does not exist, and does nothing", async () => {
    await seedDevices(
      { key: "elt:others", dealers: [[1, "D-2"]] },
      {
        key: "elt:taken-over",
        dealers: [
          [1, "D-2"],
          [9, "D-1"],
        ],
      },
    );
    const hidden = [
      ["elt:others", "a"],
      ["elt:taken-over", "before"],
    ] as const;
    await seedAlerts(...hidden.map(([deviceKey, id]) => ({ deviceKey, alertId: id, raised: 5 })));
    const missing = await api.acknowledge(alertId("elt:others", "none"), { scope: dealerScope("D-1") });
    expect(missing.data.acknowledgeAlert).toEqual({
      alert: null,
      outcome: null,
      userErrors: [
        { code: "NOT_FOUND", message: "The alert does not exist, or the token may not see it.", field: ["id"] },
      ],
    });
    for (const [deviceKey, id] of hidden) {
      const { data, errors, status } = await api.acknowledge(alertId(deviceKey, id), { scope: dealerScope("D-1") });
      expect({ data, errors, status }).toEqual({ data: missing.data, errors: missing.errors, status: missing.status });
      const seen = await ask(`{ alerts(filter: { deviceKey: "${deviceKey}" }) { edges { node { state } } } }`);
      expect(nodesOf(seen.data.alerts)).toEqual([{ state: "OPEN" }]);
    }
    expect(api.reports).toEqual([]);
  });

  it("changes nothing the second time, and nothing of an alert that is cleared", async () => {
    const key = await newDevice();
    await seedAlerts(
      { deviceKey: key, alertId: "a", raised: 5 },
      { deviceKey: key, alertId: "c", raised: 5, cleared: 6 },
    );
    await api.acknowledge(alertId(key, "a"));
    const again = await api.acknowledge(alertId(key, "a"));
    expect(again.data.acknowledgeAlert).toMatchObject({ outcome: "UNCHANGED", alert: { state: "ACKNOWLEDGED" } });
    const cleared = await api.acknowledge(alertId(key, "c"));
    expect(cleared.data.acknowledgeAlert).toMatchObject({
      alert: { state: "CLEARED" },
      outcome: null,
      userErrors: [{ code: "ALREADY_CLEARED" }],
    });
    expect(api.reports).toHaveLength(1);
  });

  it("is pending while D1 takes no write, and is merged later", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    api.takeD1Out();
    const { data, errors } = await api.acknowledge(alertId(key, "a"));
    expect(errors).toBeUndefined();
    expect(data.acknowledgeAlert).toMatchObject({ outcome: "PENDING", alert: { state: "OPEN" }, userErrors: [] });
    await api.deliver();
    expect((await api.acknowledge(alertId(key, "a"))).data.acknowledgeAlert.outcome).toBe("UNCHANGED");
  });

  it("is applied while the archive is out of reach, which gets its event later", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    api.takeR2Out();
    const { data } = await api.acknowledge(alertId(key, "a"));
    expect(data.acknowledgeAlert).toMatchObject({
      outcome: "APPLIED",
      alert: { state: "ACKNOWLEDGED" },
      userErrors: [],
    });
    await api.deliver();
    expect(api.archived).toHaveLength(1);
    // With the queue out too, nobody would bring it to the archive: the caller has to.
    await seedAlerts({ deviceKey: key, alertId: "b", raised: 5 });
    api.takeR2Out();
    api.events.callsLeft = 0;
    const { errors } = await api.acknowledge(alertId(key, "b"));
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
  });

  it("is done even if its result could not be read", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const breaks = { bind: () => breaks, all: () => Promise.reject(new Error("D1_ERROR: near x: syntax error")) };
    const withSession = (start: string) =>
      start.startsWith("0")
        ? { prepare: () => breaks, getBookmark: () => start }
        : env.DB.withSession(start as D1SessionConstraint);
    const answer = await api.acknowledge(alertId(key, "a"), {
      env: { ...api.its, DB: { withSession } as unknown as D1Database },
    });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.acknowledgeAlert).toMatchObject({ outcome: "APPLIED", alert: { state: "OPEN" } });
  });

  it("fails with a time to retry when neither D1 nor the queue takes it", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    api.takeD1Out();
    api.events.callsLeft = 0;
    const { errors } = await api.acknowledge(alertId(key, "a"));
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 1_000 } }]);
    expect(api.reports).toEqual([]);
  });

  it.each([["nonsense"], ["zzz"], [btoa("Device:elt:1")], [btoa("Alert:no-slash")]])(
    "refuses an id that is not an alert's: %s",
    async (id) => {
      const { data, errors } = await api.acknowledge(id);
      expect(errors).toBeUndefined();
      const userErrors = [
        { code: "INVALID_INPUT", message: expect.stringContaining("not the id of an alert"), field: ["id"] },
      ];
      expect(data.acknowledgeAlert).toEqual({ alert: null, outcome: null, userErrors });
    },
  );

  it("has its result beside that of one that was refused, whatever the reason", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
    const { data, errors } = await ask(
      `mutation ($good: ID!) {
        a: acknowledgeAlert(input: { id: $good }) { outcome userErrors { code } }
        b: acknowledgeAlert(input: { id: "zzz" }) { outcome userErrors { code } }
        c: setDesiredState(input: { desired: { mode: HEAT } }) { outcome userErrors { code field } }
        d: setDesiredState(input: { id: "zzz", desired: { mode: HEAT } }) { outcome userErrors { code field } }
      }`,
      { env: api.its, variables: { good: alertId(key, "a") } },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      a: { outcome: "APPLIED", userErrors: [] },
      b: { outcome: null, userErrors: [{ code: "INVALID_INPUT" }] },
      c: { outcome: null, userErrors: [{ code: "INVALID_INPUT", field: ["by"] }] },
      d: { outcome: null, userErrors: [{ code: "INVALID_INPUT", field: ["id"] }] },
    });
  });

  it("has its result even if the next one meets an outage", async () => {
    const key = await newDevice();
    await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 }, { deviceKey: key, alertId: "b", raised: 5 });
    let isOut = false;
    const acknowledgeOnce: typeof api.its.INGEST_COMMANDS.acknowledgeAlert = (command) => {
      if (isOut) return Promise.reject(new Error("Queue sendBatch failed: Internal Server Error"));
      isOut = true;
      return api.its.INGEST_COMMANDS.acknowledgeAlert(command);
    };
    const { data, errors } = await ask(
      `mutation ($a: ID!, $b: ID!) {
        a: acknowledgeAlert(input: { id: $a }) { outcome } b: acknowledgeAlert(input: { id: $b }) { outcome } }`,
      {
        env: { ...api.its, INGEST_COMMANDS: { ...api.its.INGEST_COMMANDS, acknowledgeAlert: acknowledgeOnce } },
        variables: { a: alertId(key, "a"), b: alertId(key, "b") },
      },
    );
    expect(data).toEqual({ a: { outcome: "APPLIED" }, b: null });
    expect(errors).toHaveLength(1);
  });
});

it("a mutation by GET is refused, since a link or an image could send it", async () => {
  const query = encodeURIComponent(
    `mutation { acknowledgeAlert(input: { id: "${alertId("elt:1", "a")}" }) { outcome } }`,
  );
  const headers = { Authorization: `Bearer ${await signToken(OPS, LOCAL_TOKEN_SECRET, "1h")}` };
  const response = await send(new Request(`http://concord.test/graphql?query=${query}`, { headers }), api.its);
  expect(response.status).toBe(405);
});

it("an alert of a source that takes no acknowledgement stays as it is, and the answer says why", async () => {
  const { takes } = SOURCE_TRAITS.elt as { takes: Record<DeviceCommand, boolean> };
  const key = await newDevice();
  await seedAlerts({ deviceKey: key, alertId: "a", raised: 5 });
  takes.acknowledgeAlert = false;
  try {
    const { data } = await api.acknowledge(alertId(key, "a"));
    expect(data.acknowledgeAlert).toMatchObject({
      alert: { state: "OPEN" },
      outcome: null,
      userErrors: [{ code: "UNSUPPORTED", message: "ELT devices take no acknowledgements. Nothing was changed." }],
    });
  } finally {
    takes.acknowledgeAlert = true;
  }
});
