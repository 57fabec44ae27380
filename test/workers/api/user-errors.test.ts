import { getNamedType, isInputObjectType } from "graphql";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ONE_OF } from "#graphql/one-of.ts";
import { schema } from "#graphql/schema/index.ts";
import { alertId, MutatedApi, newDevice } from "./mutated-api.ts";
import { ask, dealerScope, emptyTables, seedAlerts } from "./support.ts";

let api: MutatedApi;
let key: string;

beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  await emptyTables();
  api = new MutatedApi();
  key = await newDevice();
  await seedAlerts(
    { deviceKey: key as "elt:1", alertId: "open", raised: 5 },
    { deviceKey: key as "elt:1", alertId: "cleared", raised: 5, cleared: 6 },
  );
});

type UserError = { readonly code: string; readonly message: string; readonly field: readonly string[] };
type Expected = readonly [code: string, field: string, message: RegExp];

/** Words of the libraries that check inputs, which no client's developer knows. */
const THEIRS =
  /zod|Expected|Received|expected (?:string|number|one of)|Invalid input|Too (?:small|big)|got invalid value|OneOf|coerce|undefined|NaN/;

/** One error for each fault, in its order, and nothing was done. */
function expectErrors(payload: { outcome: unknown; userErrors: UserError[] }, expected: readonly Expected[]): void {
  expect(payload.userErrors.map(({ code, field }) => [code, field.join(".")])).toEqual(
    expected.map(([code, field]) => [code, field]),
  );
  for (const [i, { message }] of payload.userErrors.entries()) {
    expect(message).toMatch(expected[i]?.[2] as RegExp);
    expect(message).not.toMatch(THEIRS);
    expect(message).toMatch(/^[A-Z`].*\.$/);
  }
  expect(payload.outcome).toBeNull();
  expect(api.reports).toEqual([]);
}

const id = (text: string): string => btoa(text);
const NOT_FOUND = /does not exist, or the token may not see it/;
const NOT_A_KEY = /not the key of a device\. A key is `\{source\}:\{deviceId\}`/;
const NOT_AN_ID = /not the id of a device/;
const OFF = { desired: { mode: "OFF" } };

describe("setDesiredState says once, in our words, what is wrong with", () => {
  const HEAT = "desired.heatSetpointC";
  const COOL = "desired.coolSetpointC";
  const OUT_OF_RANGE = "OUT_OF_RANGE";
  it.each<[string, (key: string) => object, readonly Expected[]]>([
    ["no device", () => OFF, [["INVALID_INPUT", "by", /^Name the device/]]],
    ["a null for the device", () => ({ ...OFF, by: null, key: null }), [["INVALID_INPUT", "by", /^Name the device/]]],
    ["an unknown key", () => ({ ...OFF, by: { key: "elt:none" } }), [["NOT_FOUND", "by.key", NOT_FOUND]]],
    ["an unknown id", () => ({ ...OFF, by: { id: id("Device:elt:none") } }), [["NOT_FOUND", "by.id", NOT_FOUND]]],
    ["an unknown key in its old place", () => ({ ...OFF, key: "elt:none" }), [["NOT_FOUND", "key", NOT_FOUND]]],
    ["a key of no source", () => ({ ...OFF, by: { key: "acme:1" } }), [["INVALID_INPUT", "by.key", NOT_A_KEY]]],
    ["a key without a source", () => ({ ...OFF, by: { key: "elt:" } }), [["INVALID_INPUT", "by.key", NOT_A_KEY]]],
    ["an empty key", () => ({ ...OFF, key: "" }), [["INVALID_INPUT", "key", NOT_A_KEY]]],
    ["an id that is none", () => ({ ...OFF, by: { id: "%" } }), [["INVALID_INPUT", "by.id", NOT_AN_ID]]],
    ["a key as an id", (own) => ({ ...OFF, id: own }), [["INVALID_INPUT", "id", NOT_AN_ID]]],
    [
      "the id of another type",
      (own) => ({ ...OFF, by: { id: alertId(own, "open") } }),
      [["INVALID_INPUT", "by.id", NOT_AN_ID]],
    ],
    [
      "an id and a key beside `by`",
      (own) => ({ ...OFF, id: id(`Device:${own}`), key: own }),
      [["INVALID_INPUT", "key", /^Name the device once/]],
    ],
    [
      "`by` and a key beside it",
      (own) => ({ ...OFF, by: { key: own }, key: own }),
      [["INVALID_INPUT", "key", /^Name the device once/]],
    ],
    [
      "a setpoint that is too low",
      (own) => ({ by: { key: own }, desired: { heatSetpointC: 4.9 } }),
      [[OUT_OF_RANGE, HEAT, /^`heatSetpointC` is too low\. Give at least 5\.$/]],
    ],
    [
      "a setpoint that is too high",
      (own) => ({ by: { key: own }, desired: { coolSetpointC: 1e300 } }),
      [[OUT_OF_RANGE, COOL, /^`coolSetpointC` is too high\. Give at most 35\.$/]],
    ],
    [
      "two setpoints",
      (own) => ({ by: { key: own }, desired: { heatSetpointC: 36, coolSetpointC: -1 } }),
      [
        [OUT_OF_RANGE, HEAT, /too high/],
        [OUT_OF_RANGE, COOL, /too low/],
      ],
    ],
    [
      "heat above cool",
      (own) => ({ by: { key: own }, desired: { heatSetpointC: 25, coolSetpointC: 20 } }),
      [[OUT_OF_RANGE, HEAT, /^`heatSetpointC` must not be above `coolSetpointC`\.$/]],
    ],
    [
      "a version that is stale",
      (own) => ({ ...OFF, by: { key: own }, expectedVersion: "2026-01-01T00:00:00Z/x" }),
      [["VERSION_CONFLICT", "expectedVersion", /another version/]],
    ],
    [
      "a version that is none",
      (own) => ({ ...OFF, by: { key: own }, expectedVersion: "" }),
      [["VERSION_CONFLICT", "expectedVersion", /another version/]],
    ],
  ])("%s", async (_, input, expected) => {
    const { payload, errors } = await api.set(input(key));
    expect(errors).toBeUndefined();
    expectErrors(payload, expected);
  });
});

describe("acknowledgeAlert says once, in our words, what is wrong with", () => {
  const NOT_AN_ALERT = /not the id of an alert/;
  it.each<[string, (key: string) => string, readonly Expected[]]>([
    ["an unknown id", (own) => alertId(own, "none"), [["NOT_FOUND", "id", NOT_FOUND]]],
    ["the id of another type", (own) => id(`Device:${own}`), [["INVALID_INPUT", "id", NOT_AN_ALERT]]],
    ["an id that is none", () => "%", [["INVALID_INPUT", "id", NOT_AN_ALERT]]],
    ["an empty id", () => "", [["INVALID_INPUT", "id", NOT_AN_ALERT]]],
    ["an id without its alert", (own) => id(`Alert:${own}`), [["INVALID_INPUT", "id", NOT_AN_ALERT]]],
    ["an id of no device's alert", () => alertId("acme:1", "open"), [["INVALID_INPUT", "id", NOT_AN_ALERT]]],
    ["an alert that is cleared", (own) => alertId(own, "cleared"), [["ALREADY_CLEARED", "id", /already cleared/]]],
  ])("%s", async (_, idOf, expected) => {
    const { data, errors } = await api.acknowledge(idOf(key));
    expect(errors).toBeUndefined();
    expectErrors(data.acknowledgeAlert, expected);
  });

  it("another dealer's alert, as of one that does not exist", async () => {
    const { data } = await api.acknowledge(alertId(key, "open"), { scope: dealerScope("D-2") });
    expectErrors(data.acknowledgeAlert, [["NOT_FOUND", "id", NOT_FOUND]]);
  });
});

describe("a query says in our words what is wrong with the device it names", () => {
  it.each([
    ["no device", "", /^Name the device/],
    ["a key of no source", `(by: { key: "acme:1" })`, NOT_A_KEY],
    ["a key that is text", `(key: "thermostat")`, NOT_A_KEY],
    ["an id of another type", `(by: { id: "${id("Dealer:elt:D-1")}" })`, NOT_AN_ID],
    ["an id and a key", `(id: "${id("Device:elt:1")}", key: "elt:1")`, /^Name the device once/],
    ["`by` and a key", `(by: { key: "elt:1" }, key: "elt:1")`, /^Name the device once/],
  ])("%s", async (_, args, message) => {
    const { data, errors } = await ask(`{ device${args} { key } freshness { settled } }`);
    expect(errors).toMatchObject([{ path: ["device"], extensions: { code: "BAD_USER_INPUT" } }]);
    expect(errors?.[0]?.message).toMatch(message);
    expect(data.device).toBeNull();
  });
});

it.each(["thermostat", "acme:1", "elt:", ""])(
  "a list of alerts says that %j is no key of a device",
  async (deviceKey) => {
    const query = "query ($key: String) { alerts(filter: { deviceKey: $key }) { nodes { id } } viewer { role } }";
    const { data, errors } = await ask(query, { variables: { key: deviceKey } });
    expect(errors).toMatchObject([{ path: ["alerts"], extensions: { code: "BAD_USER_INPUT" } }]);
    expect(errors?.[0]?.message).toMatch(NOT_A_KEY);
    expect(data).toEqual({ alerts: null, viewer: { role: "OPS" } });
  },
);

describe("an input of which one member is to be given", () => {
  it("is one whose members are known, so that its errors are in our words", () => {
    const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
    const oneOf = inputs.filter(({ isOneOf }) => isOneOf);
    expect(Object.fromEntries(oneOf.map((type) => [type.name, Object.keys(type.getFields())]))).toEqual(ONE_OF);
    const field = schema.getQueryType()?.getFields().device;
    expect(field?.args.map(({ name, type }) => [name, String(getNamedType(type))])).toContainEqual(["by", "DeviceRef"]);
  });

  const WORDS = /Give exactly one of `id` and `key`, and not null\.$/;
  it.each([
    ["none", {}],
    ["both", { id: "x", key: "elt:1" }],
    ["null", { key: null }],
    ["one and a null", { id: null, key: "elt:1" }],
  ])("is refused with %s: in the document, as a variable and in an input", async (_, value) => {
    const written = JSON.stringify(value).replace(/"(\w+)":/g, "$1: ");
    const answers = [
      await ask(`{ device(by: ${written}) { key } }`),
      await ask("query ($by: DeviceRef!) { device(by: $by) { key } }", { variables: { by: value } }),
      await api.set({ ...OFF, by: value }),
    ];
    for (const { errors } of answers) {
      expect(errors).toHaveLength(1);
      expect(errors?.[0]?.message).toMatch(WORDS);
      expect(errors?.[0]?.message).not.toContain("OneOf");
    }
  });
});
