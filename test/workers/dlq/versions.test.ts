import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Contract } from "#contracts/define.ts";
import { CONTRACTS } from "#contracts/index.ts";
import type { Letter } from "#letters/letter.ts";
import { stampOf } from "#queue/contract-version.ts";
import { recordOf } from "../../support/records.ts";
import { EVOLVED, evolve, statusData } from "../../support/three-versions.ts";
import { bench, letters } from "./run-bench.ts";
import { bearerAt, emptyOps, env, letter } from "./support.ts";

let undo: () => void;
beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyOps();
  await env.DB.exec("DELETE FROM devices");
  undo = evolve();
});
afterEach(() => undo());

/** A letter of a status of 20 °C. It failed by a fault, so nothing is wrong with its record. */
const kept = (id: string, version: 1 | 2 | 3, data: object = statusData[version](true, 20)): Letter => {
  const spec = { topic: EVOLVED, eventId: id, deviceId: id, data };
  const failure = { reason: "fault", error: { name: "Error", message: "x" } } as const;
  const stamp = stampOf(version);
  return letter(id, { record: { ...recordOf(spec), ...stamp }, failure, failedAtMs: Date.now() - 60_000 });
};
const statusOf = async (deviceId: string) => {
  const row = await env.DB.prepare("SELECT aspects FROM devices WHERE key = ?")
    .bind(`elt:${deviceId}`)
    .first<string>("aspects");
  return row && JSON.parse(row).status.value;
};

it("letters of every version are replayed into the state that version 3 has", async () => {
  const ops = bench();
  await letters.park([kept("one", 1), kept("two", 2), kept("three", 3)]);
  const run = await ops.plan({ ids: ["one", "two", "three"] });
  expect(run.plan).toMatchObject({
    passes: 3,
    upcast: expect.arrayContaining([
      { topic: EVOLVED, from: 1, to: 3, count: 1 },
      { topic: EVOLVED, from: 2, to: 3, count: 1 },
    ]),
  });
  await ops.start(run);
  await ops.step(run.id);
  await ops.consume();
  for (const id of ["one", "two", "three"]) {
    expect(await statusOf(id)).toEqual({ online: true, indoorTemperatureC: 20 });
    expect(await letters.find(id)).toMatchObject({ state: "resolved", outcome: "applied" });
  }
});

it("a letter shows what a replay would make of its record of an earlier version", async () => {
  await letters.park([kept("one", 1), kept("three", 3)]);
  const { get } = bench();
  const { body } = await get("/ops/api/dead-letters/one");
  expect(body).toMatchObject({ recordVersion: 1, next: "replay", upcast: { from: 1, to: 3 } });
  expect(JSON.parse(body.upcast.data)).toEqual({ online: true, indoorTemperatureC: 20 });
  expect((await get("/ops/api/dead-letters/three")).body).toMatchObject({ recordVersion: 3, upcast: null });
});

it("an edit repairs a record in the version that its producer wrote", async () => {
  await letters.park([kept("edited", 1, { connected: "on", temperatureF: 68 })]);
  const ops = bench();
  const patch = [{ op: "replace", path: "/data/connected", value: "yes" }];
  const order = { patch, reason: "a misspelled word", revision: 0 };
  const { status } = await ops.patch("/ops/api/dead-letters/edited", order, await bearerAt("admin"));
  expect(status).toBe(200);
  const run = await ops.plan({ ids: ["edited"] });
  await ops.start(run);
  await ops.step(run.id);
  expect(ops.events.sent[0]?.records[0]).not.toHaveProperty("contractVersion");
  await ops.consume();
  expect(await statusOf("edited")).toEqual({ online: true, indoorTemperatureC: 20 });
});

it("a plan leaves a letter of a version that this deployment does not have to a newer one", async () => {
  await letters.park([kept("ahead", 3)]);
  undo();
  const { plan } = await bench().plan({ ids: ["ahead"] });
  undo = evolve();
  expect(plan).toMatchObject({ passes: 0, refused: [{ why: "waits for a newer deployment", count: 1 }] });
});

it("a letter that its contract has to be mended for waits, and is replayed as it is once that is deployed", async () => {
  await letters.park([kept("unconverted", 1, { connected: "yes" }), kept("whole", 1), kept("ahead", 3)]);
  const { get } = bench();
  const nextOf = async (id: string) => (await get(`/ops/api/dead-letters/${id}`)).body.next;
  // Version 1 allows a report without a temperature, and version 2 does not.
  expect(await nextOf("unconverted")).toBe("wait");
  const contract = CONTRACTS.find(({ topic }) => topic === EVOLVED) as Contract;
  const [first, second] = contract.earlier;
  Object.assign(contract, { earlier: [second] });
  expect(await nextOf("whole")).toBe("wait");
  Object.assign(contract, { earlier: [first, second] });
  expect(await nextOf("whole")).toBe("replay");
  undo();
  expect(await nextOf("ahead")).toBe("wait");
  undo = evolve();
  expect(await nextOf("ahead")).toBe("replay");
});

it("an export and an import keep the version of a record", async () => {
  await letters.park([kept("moved", 2)]);
  const ops = bench();
  const admin = await bearerAt("admin");
  const { text } = await ops.get("/ops/api/export", admin);
  await emptyOps();
  expect((await ops.ask("POST", "/ops/api/import", { body: text, headers: admin })).status).toBe(200);
  expect(await letters.find("moved")).toMatchObject({ record: { contractVersion: 2 } });
});
