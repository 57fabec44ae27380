import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpsRole, signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { parseRecord } from "#contracts/parse.ts";
import { EMPTY_FLEET, merge } from "#domain/fleet.ts";
import type { Group, Run } from "#ops/api.ts";
import { connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { yesterdaysConfig } from "../support/yesterday.ts";

let stack: Stack;
let clients: Awaited<ReturnType<typeof connect>>;

beforeAll(async () => {
  stack = await startStack({ configOf: yesterdaysConfig });
  clients = await connect(stack.url);
});
afterAll(() => stack.stop());

async function ask<T>(method: string, path: string, body?: unknown, role: OpsRole = "operator"): Promise<T> {
  const token = await signOpsToken({ actor: `${role}@example.com`, role }, LOCAL_TOKEN_SECRET, "1h");
  const response = await fetch(new URL(`/ops/api${path}`, stack.url), {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
  return JSON.parse(answer) as T;
}

async function ended(id: string): Promise<Run> {
  for (;;) {
    const run = await ask<Run>("GET", `/runs/${id}`);
    if (run.state !== "running") return run;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const BROKEN = 100;
const occurredAt = "2026-11-20T10:00:00.000Z";

/** What a producer sent that was ahead of our contracts, and what it sent that no contract of ours will ever take. */
const SENT: Readonly<Record<string, (i: number) => object>> = {
  "device.elt.status.reported": (i) => ({ online: true, mode: "off", indoorTemperatureC: i / 10 }),
  "device.elt.alert.raised": (i) => ({ alertId: `a-${i}`, code: "E-9", severity: "critical", text: "Frozen." }),
  "device.elt.profile.updated": (i) => ({ model: `M-${i}` }),
};

const recordsOf = (topic: string) =>
  Array.from({ length: BROKEN }, (_, i) => {
    const deviceId = `ops-${i}`;
    const value = { eventId: `${topic}-${i}`, occurredAt, deviceId, data: SENT[topic]?.(i) };
    return { topic, key: deviceId, value: JSON.stringify(value) };
  });

describe("a producer that is ahead of our contracts", () => {
  it("needs a wider contract and one replay run, and a second run finds nothing to send", {
    timeout: 120_000,
  }, async () => {
    for (const topic of Object.keys(SENT)) {
      expect(await clients.push(topic, recordsOf(topic))).toEqual({ accepted: 0, deadLettered: BROKEN });
    }
    const before = await outcomesAtRest(clients);
    expect(before.deadLettered.total).toBe(300);
    const groups = async () => (await ask<{ groups: Group[] }>("GET", "/groups")).groups;
    await expect
      .poll(async () => (await groups()).map(({ counts }) => counts.open), { timeout: 20_000 })
      .toEqual([100, 100, 100]);

    await stack.redeploy();

    const selection = { filter: { reason: "schema_mismatch" } };
    const planned = await ask<Run>("POST", "/plans", { selection });
    expect(planned.plan).toMatchObject({ selected: 300, passes: 200, superseded: 0, duplicate: 0, refused: [] });
    expect(planned.plan.stillFailing).toMatchObject([{ count: 100, signature: expect.stringContaining("data.name") }]);

    const order = { hash: planned.hash, name: "modes and severities are known", rate: 100, canary: 10 };
    await ask<Run>("POST", `/runs/${planned.id}/start`, order);
    const done = await ended(planned.id);
    expect(done).toMatchObject({ state: "done", progress: { total: 200, applied: 200, failed: 0, skipped: 0 } });

    const states = (await groups()).map(({ topic, state, counts }) => ({ topic, state, ...counts }));
    expect(states).toContainEqual(
      expect.objectContaining({ topic: "device.elt.status.reported", state: "resolved", open: 0, resolved: 100 }),
    );
    expect(states).toContainEqual(
      expect.objectContaining({ topic: "device.elt.alert.raised", state: "resolved", open: 0, resolved: 100 }),
    );
    expect(states).toContainEqual(
      expect.objectContaining({ topic: "device.elt.profile.updated", state: "open", open: 100 }),
    );

    const passing = ["device.elt.status.reported", "device.elt.alert.raised"].flatMap(recordsOf);
    const events = passing.map((record) => {
      const parsed = parseRecord(record, Date.now());
      if (!parsed.ok) throw new Error(parsed.rejection.reason);
      return parsed.event;
    });
    const oracle = merge(EMPTY_FLEET, events).fleet;
    const { DB: db } = await stack.worker<{ DB: D1Database }>("concord-ingest").getEnv();
    const { results } = await db
      .prepare("SELECT key, aspects FROM devices ORDER BY key")
      .all<{ key: string; aspects: string }>();
    const devices = results.map(({ key, aspects }) => [key, JSON.parse(aspects)]);
    expect(devices).toEqual([...oracle.devices.values()].map(({ key, aspects }) => [key, aspects]).sort());
    const { results: alerts } = await db
      .prepare("SELECT count(*) AS n FROM alerts WHERE state = 'OPEN'")
      .all<{ n: number }>();
    expect(alerts).toEqual([{ n: 100 }]);

    const again = await ask<Run>("POST", "/plans", { selection });
    expect(again.plan).toMatchObject({ passes: 0, refused: [{ why: "resolved", count: 200 }] });
    await ask<Run>("POST", `/runs/${again.id}/start`, { hash: again.hash, name: "again" });
    expect(await ended(again.id)).toMatchObject({ state: "done", progress: { total: 0 } });
    expect((await outcomesAtRest(clients)).applied).toBe(before.applied + 200);
  });
});
