import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { toMilliseconds } from "#domain/time.ts";
import { dataSchema, listFields, listPiiPaths, toJsonSchema } from "./describe.ts";
import { DeviceId, type EnvelopePlaces, toValueSchema, writeValue } from "./envelope.ts";
import {
  deviceIdFrom,
  deviceIdFromNumber,
  epochMilliseconds,
  epochSeconds,
  eventIdFromNumber,
  fahrenheit,
  oneOf,
  place,
  words,
} from "./mapping.ts";
import { ownWords } from "./own-words.ts";
import { moment } from "./time.ts";

describe("°F", () => {
  it("become °C with the digits that are asked for", () => {
    expect(z.decode(fahrenheit(), 71)).toBe(21.7);
    expect(z.decode(fahrenheit({ digits: 2 }), 71)).toBe(21.67);
    expect(fahrenheit().safeParse(400).success).toBe(false);
  });

  it("of a temperature in °C are read as that temperature again", () => {
    fc.assert(
      fc.property(fc.integer({ min: -999, max: 1_999 }), fc.constantFrom(0, 1, 2), (tenths, digits) => {
        const degreesC = Number((tenths / 10).toFixed(digits)) + 0;
        const schema = fahrenheit({ digits });
        expect(z.decode(schema, z.encode(schema, degreesC))).toBe(degreesC);
      }),
    );
  });
});

describe("a time since 1970", () => {
  it("in milliseconds or seconds is the same moment as in RFC 3339, and is written as it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        const text = new Date(ms).toISOString();
        expect(z.decode(epochMilliseconds(), ms)).toBe(text);
        expect(z.encode(epochMilliseconds(), text)).toBe(ms);
        expect(moment(z.decode(epochSeconds(), ms / 1_000))).toBe(moment(text));
        expect(z.encode(epochSeconds(), text)).toBe(ms / 1_000);
      }),
    );
  });

  it("in seconds is exact to the microsecond, so that versions sort by it", () => {
    const micros = fc.integer({ min: 0, max: 4_000_000_000 * 1_000_000 });
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        const [first, second] = [a, b].map((each) => moment(z.decode(epochSeconds(), each / 1e6)));
        expect(Math.sign(a - b)).toBe(first === second ? 0 : (first as string) < (second as string) ? -1 : 1);
        expect(toMilliseconds(first as ReturnType<typeof moment>)).toBe(Math.floor(a / 1_000));
        expect(z.encode(epochSeconds(), z.decode(epochSeconds(), a / 1e6))).toBe(a / 1e6);
      }),
    );
  });
});

describe("an id of another alphabet", () => {
  it("is a device id, is never another's, and is written as it was", () => {
    const schema = deviceIdFrom({ after: "homes/h-1/devices/" });
    const id = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(id, id, (a, b) => {
        const [first, second] = [a, b].map((each) => schema.safeDecode(`homes/h-1/devices/${each}`));
        fc.pre(first?.success === true && second?.success === true);
        expect(DeviceId.safeParse(first?.data).success).toBe(true);
        expect(first?.data === second?.data).toBe(a === b);
        expect(z.encode(schema, first?.data as string)).toBe(`homes/h-1/devices/${a}`);
      }),
    );
  });

  it("that does not begin as all of them do, or becomes too long, is refused", () => {
    expect(deviceIdFrom({ after: "d/" }).safeParse("e/1").success).toBe(false);
    expect(deviceIdFrom().safeParse("é".repeat(11)).success).toBe(false);
    expect(z.decode(deviceIdFrom(), "a_b é")).toBe("a_5fb_20_c3_a9");
  });

  it("may be a number, in a value or as a record's key", () => {
    expect(z.decode(deviceIdFromNumber(), 318324702718)).toBe("318324702718");
    expect(z.decode(deviceIdFromNumber(), "42")).toBe("42");
    expect(z.encode(deviceIdFromNumber(), "42")).toBe(42);
    expect(z.encode(eventIdFromNumber(), "42")).toBe(42);
    expect(z.encode(eventIdFromNumber(), "command-1")).toBe("command-1");
  });
});

it("a source's words become ours, and ours the first of theirs", () => {
  const severity = words({ low: "info", minor: "info", high: "critical" });
  expect(z.decode(severity, "minor")).toBe("info");
  expect(z.encode(severity, "info")).toBe("low");
  expect(severity.safeParse("medium").success).toBe(false);
  expect(toJsonSchema({ value: severity }).enum).toEqual(["low", "minor", "high"]);
});

describe("a topic for many kinds of events", () => {
  const { data, toChange } = oneOf("type", {
    report: { data: z.object({ temp_f: fahrenheit() }), toChange: ({ temp_f }) => status(temp_f) },
    owner: {
      data: z.object({ name: z.string().max(9).meta({ pii: true }) }),
      toChange: ({ name }) => ({ customer: { customerId: "1", name } }),
    },
  });
  const status = (indoorTemperatureC: number) => ({ status: { online: true, indoorTemperatureC } });

  it("changes what its kind says, and refuses any other", () => {
    expect(toChange(data.parse({ type: "report", temp_f: 68 }))).toEqual(status(20));
    expect(toChange(data.parse({ type: "owner", name: "Ann" }))).toEqual({
      customer: { customerId: "1", name: "Ann" },
    });
    expect(data.safeParse({ type: "party" }).success).toBe(false);
  });

  it("shows the members of all kinds in the catalogue, with what is personal in any", () => {
    const schema = dataSchema({ data });
    expect(listFields(schema).map(({ path, required }) => [path, required])).toEqual([
      ["type", true],
      ["temp_f", false],
      ["name", false],
    ]);
    expect(listFields(schema)[0]?.schema.enum).toEqual(["report", "owner"]);
    expect(listPiiPaths(schema)).toEqual(["name"]);
  });

  it("is stored as it was written, without members that nothing declares", () => {
    expect(ownWords(data).parse({ type: "report", temp_f: 71, colour: "red" })).toEqual({ type: "report", temp_f: 71 });
    expect(ownWords(z.object({ a: z.string() }))).toBeInstanceOf(z.ZodObject);
    const plain = z.object({ a: z.array(z.string().optional()) });
    expect(ownWords(plain)).toBe(plain);
  });
});

describe("an envelope of a source's own", () => {
  const data = z.object({ temp_f: fahrenheit(), owner: z.string().max(9).meta({ pii: true }).optional() });
  const members: EnvelopePlaces = {
    eventId: place("seq", eventIdFromNumber()),
    occurredAt: place("meta.ts", epochMilliseconds()),
    deviceId: place("meta.device.id", deviceIdFrom()),
  };
  const envelope = {
    eventId: "7",
    occurredAt: "2026-11-23T13:00:00.123Z",
    deviceId: "a_20b",
    data: { temp_f: 68, owner: "Ann" },
  };
  const meta = { ts: 1795438800123, device: { id: "a b" } };

  it.each<[string, EnvelopePlaces, object]>([
    ["beside the members", { ...members, data: null }, { seq: 7, meta, temp_f: 68, owner: "Ann" }],
    ["in a member", { ...members, data: "meta.body" }, { seq: 7, meta: { ...meta, body: envelope.data } }],
    ["where Concord has it", members, { seq: 7, meta, data: envelope.data }],
  ])("is read and written with its data %s", (_, places, value) => {
    const schema = toValueSchema(data, places);
    expect(schema.parse({ ...value, extra: 1 })).toEqual({ ...envelope, data: { temp_f: 20, owner: "Ann" } });
    expect(writeValue(envelope, places)).toEqual(value);
    expect(listPiiPaths(toJsonSchema({ value: schema }))).toEqual([expect.stringMatching(/owner$/)]);
    const issues = schema.safeParse({ ...value, seq: -1 }).error?.issues.map(({ path }) => path.join("."));
    expect(issues).toEqual(["seq"]);
  });

  it("has the limits of ours", () => {
    const schema = toValueSchema(data, { deviceId: place("id", z.string()) });
    const value = { eventId: "1", occurredAt: "2026-11-23T13:00:00Z", id: "a/b", data: { temp_f: 68 } };
    expect(schema.safeParse(value).error?.issues.map(({ path }) => path)).toEqual([["id"]]);
  });

  it("is refused as any other when it is nothing like it", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(null, "meta.body"), (text, at) => {
        toValueSchema(data, { ...members, data: at }).safeParse(JSON.parse(text));
      }),
    );
  });
});
