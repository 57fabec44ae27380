import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { eventIn, NOW_MS, record } from "../../../test/support/contract-records.ts";
import { EARLIER, EVOLVED, evolve, statusData } from "../../../test/support/three-versions.ts";
import { type Contract, defineContract } from "./define.ts";
import { listPiiPaths, toJsonSchema, toMarkedSchema } from "./describe.ts";
import { DeviceId } from "./envelope.ts";
import { CONTRACTS } from "./index.ts";
import { isAhead, parseRecord } from "./parse.ts";
import { readVersion, toCurrent, upcastFrom } from "./versions.ts";

let undo: () => void;
beforeAll(() => {
  undo = evolve();
});
afterAll(() => undo());

const value = (data: object) => JSON.stringify({ ...record(EVOLVED), data });
const parse = (data: object, contractVersion?: number) =>
  parseRecord({ topic: EVOLVED, value: value(data), contractVersion }, NOW_MS);

describe("a record of an earlier version", () => {
  it.each([1, 2, 3] as const)("of version %s is read as the same change as one of version 3", (version) => {
    const parsed = parse(statusData[version](true, 20), version);
    expect(parsed.version).toBe(version);
    expect(eventIn(parsed)).toEqual(eventIn(parse(statusData[3](true, 20))));
  });

  it("keeps its event id, its time and its device", () => {
    const [old, current] = [eventIn(parse(statusData[1](true, 20), 1)), eventIn(parse(statusData[3](true, 20)))];
    expect([old.version, old.eventId, old.deviceKey]).toEqual([current.version, current.eventId, current.deviceKey]);
  });

  it("that does not fit its version is read as the current one, since its producer may have been ahead", () => {
    const parsed = parse(statusData[3](true, 20), 1);
    expect(parsed).toMatchObject({ ok: true, version: 3 });
  });

  it("that fits neither fails by the current version, and keeps its own", () => {
    const parsed = parse({ connected: "perhaps" }, 1);
    expect(parsed).toMatchObject({ ok: false, version: 1, rejection: { issues: [{ path: "data.online" }] } });
  });

  it("that its contract cannot convert fails without the text of the error, which may quote it", () => {
    // Version 1 allows a report without a temperature, and version 2 does not: a mistake of that contract.
    const parsed = parse({ connected: "yes" }, 1);
    const message = "Concord could not convert it from version 1 of the contract to 2: a mistake of the contract";
    const issues = [{ path: "data", code: "upcast", message }];
    expect(parsed).toMatchObject({ ok: false, rejection: { reason: "schema_mismatch", issues } });
  });

  it("whose conversion makes what does not fit says so, and passes once the contract is mended", () => {
    const contract = CONTRACTS.find(({ topic }) => topic === EVOLVED) as Contract;
    const mended = contract.earlier;
    const outOfRange = { ...mended[1], up: () => ({ online: true, indoorTemperatureC: 1_000 }) };
    Object.assign(contract, { earlier: [mended[0], outOfRange] });
    const broken = parse(statusData[1](true, 20), 1);
    const noId = { ...record(EVOLVED), eventId: undefined, data: statusData[3](true, 20) };
    const producers = parseRecord({ topic: EVOLVED, value: JSON.stringify(noId), contractVersion: 1 }, NOW_MS);
    Object.assign(contract, { earlier: mended });
    expect(broken).toMatchObject({
      ...{ ok: false, version: 1 },
      rejection: {
        issues: [
          { path: "data", code: "upcast", message: expect.stringContaining("from version 2 of the contract to 3") },
          { path: "data.indoorTemperatureC", code: "too_big" },
        ],
      },
    });
    expect(producers).toMatchObject({ ok: false, rejection: { issues: [{ path: "eventId" }] } });
    expect(parse(statusData[1](true, 20), 1)).toMatchObject({ ok: true, version: 1 });
  });

  it("that its contract has dropped is refused, even if it would pass, and passes once the version is back", () => {
    const contract = CONTRACTS.find(({ topic }) => topic === EVOLVED) as Contract;
    const whole = contract.earlier;
    Object.assign(contract, { earlier: whole.slice(1) });
    const parsed = parse(statusData[3](true, 20), 1);
    const tombstone = parseRecord({ topic: EVOLVED, key: "d", value: null, contractVersion: 1 }, NOW_MS);
    Object.assign(contract, { earlier: whole });
    const message = expect.stringContaining("only 2 and later: put it back in `earlier`");
    const issues = [{ path: "contractVersion", code: "version", message }];
    expect(parsed).toMatchObject({ ok: false, version: 1, rejection: { reason: "schema_mismatch", issues } });
    expect(tombstone).toMatchObject({ rejection: { reason: "empty_value" } });
    expect(parse(statusData[1](true, 20), 1).ok).toBe(true);
  });

  it("that nobody says the version of is of the current one", () => {
    expect(parse(statusData[1](true, 20))).toMatchObject({ ok: false, version: 3 });
    expect(parse(statusData[3](true, 20))).toMatchObject({ ok: true, version: 3 });
  });

  it("is ahead if its version is newer than the deployment's", () => {
    const ahead = [1, 3, 4].map((contractVersion) => isAhead({ topic: EVOLVED, contractVersion }, NOW_MS));
    expect(ahead).toEqual([false, false, true]);
    expect(isAhead({ topic: "device.elt.never.heard", contractVersion: 4 }, NOW_MS)).toBe(false);
  });
});

describe("an upcaster", () => {
  const throwing = upcastFrom({
    version: 1,
    data: z.object({}),
    up: () => {
      throw new Error("secret");
    },
    changed: "",
  });

  it("that throws is a broken step, and no crash", () => {
    expect(toCurrent({ version: 2, earlier: [throwing] }, { data: {} }, 1)).toMatchObject({ brokenStep: 1 });
  });

  it("is not needed for a compatible version, whose records are read as they are", () => {
    const versions = { version: 3, earlier: [{ version: 1, changed: "added" }, EARLIER[1] as never] };
    const read = toCurrent(versions, { data: { online: true, temperatureF: 32 } }, 1);
    expect(read).toEqual({ version: 1, value: { data: { online: true, indoorTemperatureC: 0 } } });
  });

  it("converts the data where its source has it, and leaves the members beside it", () => {
    const at = (places: object) => ({ version: 3, earlier: EARLIER, places });
    const old = { connected: "yes", temperatureF: 32 };
    const current = { online: true, indoorTemperatureC: 0 };
    const inside = toCurrent(at({ data: "body.status" }), { id: 7, body: { status: old, n: 1 } }, 1);
    expect(inside.value).toEqual({ id: 7, body: { status: current, n: 1 } });
    expect(toCurrent(at({ data: null }), { id: 7, ...old }, 1).value).toEqual({ id: 7, ...current });
  });

  it("cannot change an event's id, time or device, even where the data stands beside them", () => {
    const forged = upcastFrom({
      version: 1,
      data: z.object({ a: z.number() }),
      up: ({ a }) => ({ b: a, eventId: "another", device: { id: "another", kind: "t" } }),
      changed: "",
    });
    const places = { data: null, deviceId: { at: "device.id", as: DeviceId } };
    const value = { eventId: "e", occurredAt: "t", device: { id: "d" }, a: 1 };
    expect(toCurrent({ version: 2, earlier: [forged], places }, value, 1).value).toEqual({
      ...{ eventId: "e", occurredAt: "t", device: { id: "d", kind: "t" }, b: 1 },
    });
  });

  it("sees no value that has no data of its own", () => {
    for (const value of [null, 1, [], {}, Object.create({ data: {} })])
      expect(toCurrent({ version: 2, earlier: [throwing] }, value, 1)).toEqual({ version: 2, value });
  });
});

it("what is personal in some version that is still read is marked in the schema that masks", () => {
  const personal = (name: z.ZodType) => z.object({ name, where: z.object({ city: z.string() }), also: z.array(name) });
  const contract = defineContract({
    topic: "device.elt.filter.worn",
    version: 2,
    earlier: [
      upcastFrom({ version: 1, data: personal(z.string().meta({ pii: true })), up: (data) => data, changed: "" }),
    ],
    summary: "",
    data: personal(z.string()),
    toChange: () => ({}),
    example: { name: "n", where: { city: "c" }, also: [] },
  });
  expect(listPiiPaths(toJsonSchema(contract))).toEqual([]);
  expect(listPiiPaths(toMarkedSchema(contract))).toEqual(["data.name", "data.also"]);
});

it("what was personal in one kind of event is marked in every kind of the current version", () => {
  const kinds = (name: z.ZodType) =>
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), name }),
      z.object({ kind: z.literal("b"), name: z.string() }),
    ]);
  const contract = defineContract({
    topic: "device.elt.filter.worn",
    version: 2,
    earlier: [upcastFrom({ version: 1, data: kinds(z.string().meta({ pii: true })), up: (data) => data, changed: "" })],
    summary: "",
    data: kinds(z.string()),
    toChange: () => ({}),
    example: { kind: "a", name: "n" },
  });
  expect(listPiiPaths(toMarkedSchema(contract))).toEqual(["data.name"]);
});

describe("a contract's versions", () => {
  const define = (version: number, earlier: readonly number[]) => () =>
    defineContract({
      topic: "device.elt.filter.worn",
      version,
      earlier: earlier.map((each) => ({ version: each, changed: "x" })),
      summary: "",
      data: z.object({}),
      toChange: () => ({}),
      example: {},
    });

  it("have no gap between the earliest and the current one", () => {
    expect(define(3, [2])).not.toThrow();
    expect(define(3, [1, 2])).not.toThrow();
    for (const earlier of [[1], [2, 1], [1, 3], [0, 1, 2], [1, 2, 3]]) expect(define(3, earlier)).toThrow(/version 3/);
  });

  it("are declared as a whole number, and anything else counts as not declared", () => {
    expect([2, "2", 2.5, "02", 0, -1, "x", "", null, {}, "99999999999"].map(readVersion)).toEqual([
      2,
      2,
      ...Array(9).fill(undefined),
    ]);
  });
});
