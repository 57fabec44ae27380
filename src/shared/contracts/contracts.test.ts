import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { SOURCES } from "#domain/event.ts";
import { eventIn, NOW_MS, parse, record } from "../../../test/support/contract-records.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { SOURCE_SPECS } from "./all-sources.ts";
import { contractName } from "./asyncapi.ts";
import type { Contract } from "./define.ts";
import { exampleValue, listFields, toJsonSchema } from "./describe.ts";
import { CONTRACTS } from "./index.ts";
import { type ContractRejection, describeRejection, MAX_AHEAD_MS, type Parsed, parseRecord } from "./parse.ts";
import { isTopic } from "./topic.ts";

/** The contracts of the first release. A topic is never renamed and never taken out of this list. */
const TOPICS = [
  "device.ecobee.alert.acknowledged",
  "device.ecobee.alert.cleared",
  "device.ecobee.alert.raised",
  "device.ecobee.customer.assigned",
  "device.ecobee.dealer.assigned",
  "device.ecobee.dealer.unassigned",
  "device.ecobee.profile.updated",
  "device.ecobee.registration.created",
  "device.ecobee.registration.removed",
  "device.ecobee.status.reported",
  "device.ecobee.twin.desired",
  "device.elt.alert.acknowledged",
  "device.elt.alert.cleared",
  "device.elt.alert.raised",
  "device.elt.customer.assigned",
  "device.elt.dealer.assigned",
  "device.elt.dealer.unassigned",
  "device.elt.profile.updated",
  "device.elt.registration.created",
  "device.elt.registration.removed",
  "device.elt.status.reported",
  "device.elt.twin.desired",
  "device.infinity.alert.acknowledged",
  "device.infinity.alert.cleared",
  "device.infinity.alert.raised",
  "device.infinity.customer.assigned",
  "device.infinity.dealer.setup",
  "device.infinity.dealer.unassigned",
  "device.infinity.profile.updated",
  "device.infinity.registration.created",
  "device.infinity.registration.removed",
  "device.infinity.status.reported",
  "device.infinity.twin.desired",
];

function reasonOf(parsed: Parsed): ContractRejection["reason"] | "accepted" {
  return parsed.ok ? "accepted" : parsed.rejection.reason;
}

function issuesOf(parsed: Parsed) {
  return !parsed.ok && parsed.rejection.reason === "schema_mismatch" ? parsed.rejection.issues : [];
}

/** The paths of all members, and of one that is not there. */
function pathsIn(value: unknown): string[][] {
  if (value === null || typeof value !== "object") return [[]];
  const members = Object.entries(value).flatMap(([name, inner]) => pathsIn(inner).map((path) => [name, ...path]));
  return [[], ["unheardOf"], ...members];
}

/** A copy with another value at a path. */
function replaced(value: unknown, [name, ...rest]: readonly string[], put: unknown): unknown {
  if (name === undefined) return put;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  copy[name] = replaced(copy[name], rest, put);
  return copy;
}

describe("every contract", () => {
  it("of the first release still exists, under its own name or as a former one of another", () => {
    const names = CONTRACTS.flatMap(({ topic, aliases }) => [topic, ...aliases.map((alias) => alias.topic)]);
    expect(names).toEqual(expect.arrayContaining(TOPICS));
  });

  it.each(CONTRACTS.map((contract) => [contract.topic, contract] as const))(
    "%s reads its own example",
    (_, contract) => {
      const event = eventIn(parse(contract.topic, exampleValue(contract)));
      expect(event).toMatchObject({ topic: contract.topic, data: contract.example });
      expect(event.deviceKey).toBe(`${contract.source}:${SOURCE_SPECS[contract.source].example.deviceId}`);
      expect(Object.keys(event.change)).not.toEqual([]);
    },
  );

  it("follows the topic grammar, as do its former names", () => {
    const names = CONTRACTS.flatMap(({ topic, aliases }) => [topic, ...aliases.map((alias) => alias.topic)]);
    expect(names.filter((name) => !isTopic(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("has former names that end on a real date", () => {
    const ends = CONTRACTS.flatMap(({ aliases }) => aliases.map(({ until }) => until));
    expect(ends.filter((until) => !z.iso.date().safeParse(until).success)).toEqual([]);
  });

  it("lies in a file named for its topic, alone, under its own name, and is in the index", async () => {
    const files = SOURCES.flatMap((source) =>
      readdirSync(new URL(source, import.meta.url))
        .filter((file) => file !== "source.ts" && !file.endsWith(".test.ts"))
        .map((file) => ({ source, base: file.replace(/\.ts$/, "") })),
    );
    expect(files).toHaveLength(CONTRACTS.length);
    for (const { source, base } of files) {
      const file = `${source}/${base}.ts`;
      const exported = Object.entries((await import(`./${source}/${base}.ts`)) as Record<string, Contract>);
      expect(exported, file).toHaveLength(1);
      const [name, contract] = exported[0] as [string, Contract];
      expect(`${contract.source}/${contract.entity}-${contract.action}.ts`).toBe(file);
      expect(name).toBe(contractName(contract));
      expect(CONTRACTS, file).toContain(contract);
    }
  });
});

describe("every text of a contract", () => {
  it.each(CONTRACTS.map((contract) => [contract.topic, contract] as const))(
    "of %s has a longest length",
    (_, contract) => {
      const texts = [...listFields(toJsonSchema(contract))].flatMap(({ path, schema }) => [
        { path, ...schema },
        ...(schema.items ? [{ path: `${path}[]`, ...schema.items }] : []),
      ]);
      const unbounded = texts.filter(
        ({ type, maxLength, maxItems, enum: values }) =>
          (type === "string" && maxLength === undefined && !values) || (type === "array" && maxItems === undefined),
      );
      expect(unbounded.map(({ path }) => path)).toEqual([]);
    },
  );
});

describe("a record", () => {
  const topic = "device.elt.registration.created";

  it("is rejected for each reason", () => {
    const reasons: Record<ContractRejection["reason"], Parsed> = {
      unknown_topic: parseRecord({ topic: "device.elt.registration.burnt", value: "{}" }, NOW_MS),
      empty_value: parseRecord({ topic, value: null }, NOW_MS),
      not_json: parseRecord({ topic, value: "{" }, NOW_MS),
      schema_mismatch: parseRecord({ topic, value: "{}" }, NOW_MS),
      clock_skew: parse(topic, record(topic, { occurredAt: new Date(NOW_MS + MAX_AHEAD_MS + 1).toISOString() })),
    };
    for (const [reason, parsed] of Object.entries(reasons)) {
      expect(reasonOf(parsed)).toBe(reason);
      if (!parsed.ok) expect(describeRejection(parsed.rejection)).toMatch(/.\.$|: /);
    }
  });

  it("may be five minutes ahead of our clock and no more", () => {
    const aheadBy = (ms: number) => reasonOf(parse(topic, record(topic, { occurredAt: new Date(NOW_MS + ms) })));
    expect(aheadBy(MAX_AHEAD_MS)).toBe("accepted");
    expect(aheadBy(MAX_AHEAD_MS + 1)).toBe("clock_skew");
  });

  it.each([
    [400_000, "400 s"],
    [30 * 3_600_000, "30 h"],
    [2_297_310_796_000, "26,589 days"],
  ])("that is %d ms ahead of our clock is said to be %s ahead", (aheadMs, text) => {
    expect(describeRejection({ reason: "clock_skew", aheadMs })).toContain(`occurredAt is ${text} ahead of our clock`);
  });

  it("is rejected with the paths of the wrong members", () => {
    const parsed = parse(topic, record(topic, { deviceId: "no spaces" }, { model: 7, customer: { name: "N" } }));
    expect(issuesOf(parsed).map(({ path }) => path)).toEqual(["deviceId", "data.model", "data.customer.customerId"]);
  });

  it("loses unknown members at every depth, Kafka's own among them", () => {
    const location = { country: "US", planet: "Earth" };
    const kafka = { _kafka_topic: "t", _kafka_partition: 3, _kafka_offset: 42, _kafka_timestamp: 1_700_000_000_000 };
    const value = { ...record(topic, {}, { location, colour: "red", ...kafka }), ...kafka, extra: 1 };
    const event = eventIn(parse(topic, value));
    expect(event.data).toEqual({ ...(record(topic).data as object), location: { country: "US" } });
    expect(JSON.stringify(event)).not.toMatch(/_kafka|planet|colour|extra/);
  });

  it("has its times in UTC, whatever their offset was", () => {
    const event = eventIn(
      parse(
        topic,
        record(topic, { occurredAt: "2026-11-23T07:00:00.123-06:00" }, { registeredAt: "2026-03-02T10:15:00+01:00" }),
      ),
    );
    expect(event.version).toBe(`2026-11-23T13:00:00.123Z/${event.eventId}`);
    expect(event.change.registration).toMatchObject({ registeredAt: "2026-03-02T09:15:00.000Z" });
    const raised = "device.elt.alert.raised";
    const alert = eventIn(parse(raised, record(raised, {}, { raisedAt: "2026-11-23T06:58:30-06:00" }))).change.alert;
    expect(alert?.details?.raisedAt).toBe("2026-11-23T12:58:30.000Z");
  });

  it.each([
    ["eventId", { eventId: "e".repeat(128) }, { eventId: "e".repeat(129) }],
    ["eventId", { eventId: "\u{1F600}" }, { eventId: "" }],
    ["eventId", { eventId: "a/b c" }, { eventId: "\ud83d" }],
    ["eventId", { eventId: "é" }, { eventId: "a\u0000b" }],
    ["deviceId", { deviceId: "d".repeat(64) }, { deviceId: "d".repeat(65) }],
    ["deviceId", { deviceId: "A.b_c:d-9" }, { deviceId: "a/b" }],
    ["deviceId", { deviceId: "0" }, { deviceId: "a\n" }],
    ["occurredAt", { occurredAt: "1970-01-01T00:00:00Z" }, { occurredAt: "1969-12-31T23:59:59Z" }],
    ["occurredAt", { occurredAt: "2024-02-29T00:00:00Z" }, { occurredAt: "2026-02-29T00:00:00Z" }],
    ["occurredAt", { occurredAt: "2026-11-23T13:00:00Z" }, { occurredAt: "2026-11-23T13:00:00" }],
    ["occurredAt", { occurredAt: "2026-11-23T13:00:00Z" }, { occurredAt: "9999-12-31T23:59:59-01:00" }],
  ])("may have the %s %j and not %j", (path, fine, wrong) => {
    expect(reasonOf(parse(topic, record(topic, fine)))).toBe("accepted");
    expect(issuesOf(parse(topic, record(topic, wrong))).map((issue) => issue.path)).toContain(path);
  });

  it.each([
    ["registration.created", "model", "m".repeat(64), "m".repeat(65)],
    ["registration.created", "serialNumber", "s".repeat(64), "s".repeat(65)],
    ["registration.created", "registeredAt", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"],
    ["registration.created", "registeredAt", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00+01:00"],
    ["registration.created", "location.latitude", 90, 90.01],
    ["registration.created", "location.longitude", -180, -180.01],
    ["registration.removed", "reason", "r".repeat(500), "r".repeat(501)],
    ["customer.assigned", "customer.name", "n".repeat(200), "n".repeat(201)],
    ["customer.assigned", "customer.email", "e".repeat(254), "e".repeat(255)],
    ["dealer.assigned", "dealer.dealerId", "d".repeat(64), ""],
    ["dealer.assigned", "dealer.website", "w".repeat(500), "w".repeat(501)],
    ["profile.updated", "features", Array(100).fill("f"), Array(101).fill("f")],
    ["profile.updated", "name", "line\nbreak", "nul\u0000"],
    ["status.reported", "indoorTemperatureC", 200, 200.5],
    ["status.reported", "humidityPct", 0, -1],
    ["status.reported", "equipment", Array(32).fill("e"), Array(33).fill("e")],
    ["alert.raised", "text", "t".repeat(500), "t".repeat(501)],
    ["alert.acknowledged", "alertId", "a".repeat(64), "a".repeat(65)],
    ["twin.desired", "heatSetpointC", 5, 4.9],
    ["twin.desired", "coolSetpointC", 35, 35.1],
    ["twin.desired", "heatSetpointC", 25, 25.5],
    ["twin.desired", "mode", "off", "on"],
  ])("of %s has bounds on %s", (kind, member, fine, wrong) => {
    const about = `device.elt.${kind}`;
    const having = (value: unknown) => parse(about, replaced(record(about), ["data", ...member.split(".")], value));
    expect(reasonOf(having(fine))).toBe("accepted");
    expect(issuesOf(having(wrong)).map(({ path }) => path)).toEqual([`data.${member}`]);
  });

  it.each([
    ["2026-11-23T08:00:00.123001Z", "2026-11-23T08:00:00.123999Z"],
    ["2026-11-23T08:00:00.123456788+00:00", "2026-11-23T08:00:00.123456789Z"],
    ["2026-11-23T08:00:00.123Z", "2026-11-23t10:00:00.123000000001+02:00"],
  ])("of %s is older than one of %s, whatever their ids", (earlier, later) => {
    const [a, b] = [
      eventIn(parse(topic, record(topic, { occurredAt: earlier, eventId: "zz" }))),
      eventIn(parse(topic, record(topic, { occurredAt: later, eventId: "aa" }))),
    ];
    expect(a.version < b.version).toBe(true);
    expect(a.occurredAtMs).toBe(b.occurredAtMs);
  });

  it.each([
    `2026-11-23T08:00:00.${"1".repeat(19)}Z`,
    `2026-11-23T08:00:00.${"1".repeat(62_000)}Z`,
    "2026-11-23T08:00Z",
    "2026-11-23 08:00:00Z",
    "2026-11-23T12:00:60Z",
    "foo 7",
  ])("may not have this time, and says so once: %#", (text) => {
    for (const parsed of [
      parse(topic, record(topic, { occurredAt: text })),
      parse(topic, record(topic, {}, { registeredAt: text })),
    ]) {
      expect(issuesOf(parsed)).toHaveLength(text.length > 44 ? 2 : 1);
      expect(JSON.stringify(parsed).length).toBeLessThan(600);
    }
  });

  it.each([
    ["before 1970", -1],
    ["beyond the year 9999", 253_402_300_800_000],
    ["between two milliseconds", 1.5],
    ["that is no number", Number.NaN],
  ])("without a value, and with a timestamp %s, is rejected for it", (_, timestampMs) => {
    const parsed = parseRecord({ topic, value: null, key: "dev-1", timestampMs }, NOW_MS);
    expect(issuesOf(parsed).map(({ path }) => path)).toEqual(["timestamp"]);
  });

  it("cannot reach the prototype of anything", () => {
    const evil = '{"polluted":true,"eventId":"evil","isAdmin":true}';
    const text = JSON.stringify(record(topic)).replace(
      '"data":{',
      `"__proto__":${evil},"constructor":{"prototype":${evil}},"data":{"__proto__":${evil},`,
    );
    const event = eventIn(parseRecord({ topic, value: text }, NOW_MS));
    expect(JSON.stringify(event)).not.toMatch(/polluted|isAdmin|evil/);
    expect(Object.getPrototypeOf(event.data)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const inherited = `{"__proto__":${JSON.stringify(record(topic))}}`;
    expect(reasonOf(parseRecord({ topic, value: inherited }, NOW_MS))).toBe("schema_mismatch");
    expect(reasonOf(parseRecord({ topic: "__proto__", value: "{}" }, NOW_MS))).toBe("unknown_topic");
  });

  it("that nests a hundred thousand levels deep is rejected", () => {
    const deep = "[".repeat(1e5) + "]".repeat(1e5);
    expect(reasonOf(parseRecord({ topic, value: deep }, NOW_MS))).toBe("schema_mismatch");
    expect(reasonOf(parseRecord({ topic, value: `{"data":${deep}}` }, NOW_MS))).toBe("schema_mismatch");
    expect(reasonOf(parseRecord({ topic, value: "[".repeat(1e5) }, NOW_MS))).toBe("not_json");
  });
});

describe("parsing", () => {
  const anyTopic = fc.oneof(fc.constantFrom(...TOPICS), fc.string());
  const outcome = (topic: string, value: string | null) => {
    const parsed = parseRecord({ topic, value }, NOW_MS);
    if (!parsed.ok) describeRejection(parsed.rejection);
    return parsed;
  };

  it("never throws, for any topic and text", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.constantFrom("null", "[]", "-0", "1e999", '""', ""),
    );
    fc.assert(
      fc.property(anyTopic, fc.option(text), (topic, value) => {
        expect(outcome(topic, value)).toHaveProperty("ok");
      }),
      cases(1000),
    );
  });

  it("never throws if one member of a valid record is replaced by anything", () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: "binary" }),
      fc.date({ noInvalidDate: true }),
      fc.double(),
    );
    fc.assert(
      fc.property(spoiled(anything), ({ topic, value }) => {
        const parsed = outcome(topic, JSON.stringify(value));
        if (parsed.ok) expect(parsed.event.version).toHaveLength(25 + parsed.event.eventId.length);
      }),
      cases(2000),
    );
  });

  it("never repeats a record's values in its issues", () => {
    const CANARY = "c4n4ry";
    const canary = fc.constantFrom<unknown>(
      CANARY,
      CANARY.repeat(200),
      `\u0000${CANARY}`,
      [CANARY],
      { [CANARY]: CANARY },
      { [CANARY]: { [CANARY]: [CANARY] } },
      `2026-01-01T00:00:00${CANARY}`,
    );
    let refused = 0;
    fc.assert(
      fc.property(spoiled(canary), fc.constantFrom("whole", "cut", "torn"), ({ topic, value }, state) => {
        const text = JSON.stringify(value);
        // V8 quotes what lies around the place where it stumbles.
        const broken = { whole: text, cut: text.slice(0, -1), torn: text.replaceAll(`"${CANARY}`, CANARY) };
        const parsed = parseRecord({ topic, value: broken[state] }, NOW_MS);
        if (parsed.ok) return;
        refused++;
        expect(JSON.stringify(parsed.rejection) + describeRejection(parsed.rejection)).not.toContain(CANARY);
      }),
      cases(2000),
    );
    expect(refused).toBeGreaterThan(0);
  });

  /** A good record of any contract with one member, old or new, at any depth, replaced by what is drawn. */
  function spoiled<T>(drawn: fc.Arbitrary<T>): fc.Arbitrary<{ topic: string; value: unknown }> {
    return fc.constantFrom(...CONTRACTS).chain((contract) => {
      const good = exampleValue(contract);
      return fc
        .record({ path: fc.constantFrom(...pathsIn(good)), put: drawn })
        .map(({ path, put }) => ({ topic: contract.topic, value: replaced(good, path, put) }));
    });
  }
});
