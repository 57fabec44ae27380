import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { Report } from "../../parity/report/schema.ts";
import { concord } from "../support/fake-terminal.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { alter, type DeviceRow, deviceRow, PARITY_YAML, type SideStub, startSide } from "../support/parity-sides.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;
let old: SideStub;
let folder: string;

const OCCURRED_AT = "2026-11-20T10:00:00.000Z";
const rows = Array.from({ length: 8 }, (_, n): DeviceRow => ({ ...deviceRow(n), id: `elt:parity-${n}` }));
const oldWorld = new Map(rows.map((row) => [row.id, { ...row, lastSeen: OCCURRED_AT }]));

/** The same comparison as with a stand-in of Concord, on Concord's own schema. */
const YAML = PARITY_YAML.replace("new: { perSecond", "new: { headers: { Authorization: { env: TOKEN } }, perSecond");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "concord-parity-flow-"));
  stack = await sharedStack();
  clients = await connect(stack.url);
  old = await startSide("old", oldWorld);
  await publish(
    rows.flatMap((row) => [registration(row), profile(row), status(row), ...assignment(row), ...alerts(row)]),
  );
});
afterAll(async () => {
  await old?.stop();
  rmSync(folder, { recursive: true });
});

type Told = { readonly topic: string; readonly id: string; readonly data: object };

/** Publishes events in as few requests as there are topics. */
async function publish(told: readonly Told[], occurredAt = OCCURRED_AT) {
  for (const [topic, own] of Map.groupBy(told, (each) => each.topic)) {
    const records = own.map(({ id, data }) => {
      const deviceId = id.slice("elt:".length);
      return { topic, key: deviceId, value: JSON.stringify(eventValue({ topic, deviceId, occurredAt, data })) };
    });
    expect(await clients.push(topic, records)).toEqual({ accepted: own.length, deadLettered: 0 });
  }
  await outcomesAtRest(clients);
}

const registration = ({ id, serial, model }: DeviceRow): Told => ({
  ...{ topic: "device.elt.registration.created", id },
  data: { model, serialNumber: serial, registeredAt: OCCURRED_AT },
});
const profile = ({ id, model, features }: DeviceRow): Told => ({
  ...{ topic: "device.elt.profile.updated", id },
  data: { name: "Hall", model, features },
});
const status = ({ id, isOnline, temperatureC }: DeviceRow): Told => ({
  ...{ topic: "device.elt.status.reported", id },
  data: { online: isOnline, indoorTemperatureC: temperatureC },
});
const assignment = ({ id, dealer }: DeviceRow): Told[] =>
  dealer
    ? [{ topic: "device.elt.dealer.assigned", id, data: { dealer: { dealerId: dealer.id, name: dealer.name } } }]
    : [];
const alerts = ({ id, alerts: all }: DeviceRow): Told[] =>
  all.map(({ severity, ...alert }) => ({
    ...{ topic: "device.elt.alert.raised", id },
    data: { ...alert, code: "X", severity: severity.toLowerCase() },
  }));

async function parity(...args: string[]) {
  const config = join(folder, "parity.yaml");
  writeFileSync(config, YAML);
  const urls = ["--old-url", old.url, "--new-url", String(new URL("/graphql", stack.url))];
  const { code, out, err } = await concord(["parity", "--config", config, ...urls, "--json", ...args], {
    env: { TOKEN: clients.authorization },
    onSleep: (_, __, ms) => setTimeout(ms),
  });
  const report = Report.parse(JSON.parse(out));
  const differing = report.fields.flatMap(({ field, examples }) =>
    examples.map(({ id, at, kind }) => [field, id, at, kind]),
  );
  return { code, err, report, differing };
}

it("an old face and Concord are compared until they agree: planted differences are found, mended by events, and gone", async () => {
  const clean = await parity();
  expect(clean).toMatchObject({ code: 0, differing: [], report: { items: { all: 16, same: 16 } } });

  const [first, second, third] = rows as [DeviceRow, DeviceRow, DeviceRow];
  alter(oldWorld, first.id, { model: "Alto 9" });
  alter(oldWorld, second.id, { dealer: { id: "D-77", name: "Dealer 1" } });
  alter(oldWorld, third.id, {
    alerts: [...third.alerts, { alertId: "A-new", severity: "INFO", raisedAt: OCCURRED_AT, text: "Filter" }],
  });
  const planted = await parity();
  expect([planted.code, planted.differing.sort()]).toEqual([
    4,
    [
      ["alerts.alerts[]", third.id, "alerts[A-new]", "missing_new"],
      ["device.dealer.dealerId", second.id, "dealer.dealerId", "mismatch"],
      ["device.model", first.id, "model", "mismatch"],
    ],
  ]);

  const mended = [first, second, third].map(({ id }) => oldWorld.get(id)) as [DeviceRow, DeviceRow, DeviceRow];
  await publish([profile(mended[0]), ...assignment(mended[1]), ...alerts(mended[2])], "2026-11-21T10:00:00.000Z");
  expect(await parity()).toMatchObject({ code: 0, differing: [] });
});
