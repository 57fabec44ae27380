import { beforeEach, expect, it } from "vitest";
import { randomOf } from "../../samples/random.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { recordOf, story } from "./records.ts";
import { namesOf, readBy } from "./state.ts";
import { evict } from "./stores.ts";
import { evictHub, TestSubscriber } from "./test-subscriber.ts";

// What subscribers and readers see. For each guarantee, mutants.ts has a change of the code that makes its test fail
// and lets all others pass.
logNothing();

let platform: Platform;

beforeEach(() => {
  platform = new Platform();
});

it("G14: a subscriber receives each revision of a device once and in order, however often its connection drops", async () => {
  const random = randomOf(14);
  const [first, ...others] = story(random, "g14", 80) as [SampleRecord, ...SampleRecord[]];
  await platform.push([first]);
  await platform.rest();
  const [steady, unlucky] = [new TestSubscriber("g14"), new TestSubscriber("g14")];
  const [hubs, unluckyHubs] = [new TestSubscriber("g14", "hub"), new TestSubscriber("g14", "hub")];
  const all = [steady, unlucky, hubs, unluckyHubs];
  await Promise.all(all.map((one) => one.connect()));
  for (const [i, record] of random.shuffle(others).entries()) {
    await platform.push([record]);
    // Some events happen while no subscriber is connected, some objects are evicted, and some messages are delivered
    // again.
    if (i % 3 === 0) for (const one of [unlucky, unluckyHubs]) one.drop();
    if (i % 4 === 0) await evict("g14");
    if (i % 4 === 1) await evictHub();
    if (i % 5 === 0) platform.broker.repeat("events", 0);
    await platform.deliver("events", { acksLost: i % 7 === 0 });
    await Promise.all([steady, hubs].map((one) => one.receiveAll()));
    if (i % 3 === 0) await Promise.all([unlucky, unluckyHubs].map((one) => one.connect()));
    await Promise.all([unlucky, unluckyHubs].map((one) => one.receiveAll()));
  }
  await platform.rest();
  const newest = await steady.receiveAll();
  await Promise.all(all.map((one) => one.receiveAll()));
  const each = Array.from({ length: newest }, (_, i) => i + 1);
  expect(newest).toBeGreaterThan(20);
  expect(all.map(({ revisions }) => revisions)).toEqual([each, each, each, each]);
});

it("G15: a dealer reads what occurred while it had a device, even if a handover is among events of the same time", async () => {
  const [device, minute, finer] = ["g15", 1, "456"];
  const said = (id: number, action: string, data: object) => recordOf({ device, action, minute, finer, id, data });
  const given = (id: number, dealerId: string) => said(id, "dealer.assigned", { dealer: { dealerId, name: "x" } });
  const happened = (id: number) => [
    said(id, "status.reported", { online: true, indoorTemperatureC: id }),
    said(id + 1, "alert.raised", { alertId: `a-${id + 1}`, code: "C", severity: "info", text: "x" }),
  ];
  // Ids of one length sort as numbers do.
  const records = [given(10, "g15-D"), ...happened(11), given(20, "g15-E"), ...happened(21), given(30, "g15-D")];
  await platform.push(randomOf(15).shuffle([...records, ...happened(31)]));
  await platform.rest();

  const own = (...ids: number[]) => ids.map((id) => `g15-${id}`);
  expect(await readBy("g15-D", `elt:${device}`)).toEqual({
    history: own(10, 11, 12, 30, 31, 32),
    alerts: ["a-12", "a-32"],
  });
  expect(await readBy("g15-E", `elt:${device}`)).toEqual({ history: own(20, 21, 22), alerts: [] });
});

it("G16: no source changes another source's record of a dealer or a customer with the same id", async () => {
  const said = (source: string, minute: number) => {
    const named = (action: string, data: object) => {
      const record = recordOf({ device: `g16-${source}`, action, minute, data, id: minute });
      return { ...record, topic: `device.${source}.${action}` };
    };
    const dealer = { dealerId: "g16-D", name: `${source} at ${minute}` };
    const customer = { customerId: "g16-C", name: `${source} at ${minute}` };
    return [
      named(source === "infinity" ? "dealer.setup" : "dealer.assigned", { dealer }),
      named("customer.assigned", { customer }),
    ];
  };
  await platform.push(randomOf(16).shuffle([...said("infinity", 1), ...said("infinity", 2), ...said("elt", 9)]));
  await platform.rest();
  for (const party of ["dealer", "customer"]) {
    expect(await namesOf(party, `g16-${party[0]?.toUpperCase()}`)).toEqual({
      infinity: "infinity at 2",
      elt: "elt at 9",
    });
  }
});
