import * as fc from "fast-check";
import { edgeEvent } from "./edge-events.ts";
import { base64, eventText, T } from "./rest-proxy.ts";

export const oneOf = <const V>(...values: V[]) => fc.constantFrom(...values);
/** Mostly the first value, which is the right one. */
export const mostly = <A, B>(right: fc.Arbitrary<A>, odd: fc.Arbitrary<B>): fc.Arbitrary<A | B> =>
  fc.oneof({ weight: 7, arbitrary: right }, { weight: 1, arbitrary: odd });

const nested = (depth: number, [open, close]: readonly [string, string]): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

/** A few devices, since the first event of each creates a local database. */
export const goodEvent = fc
  .tuple(fc.constantFrom("fuzz-1", "fuzz-2", "fuzz-3"), edgeEvent(T))
  .map(([deviceId, { value }]) => JSON.stringify({ ...JSON.parse(eventText(T, deviceId)), data: value.data }));

export const oddJson: fc.Arbitrary<string> = fc.oneof(
  fc.json({ maxDepth: 3 }),
  oneOf("null", "-0", "1e999", "9007199254740993", "123456789012345678901234567890", '""', "{}", "[]", "[[],{}]"),
  oneOf('"\\ud800"', '"\\u0000"', '"\\/\\b\\u00e9"', '"\u2028"', '"é€😀"', '{"a":1,"a":2}'),
  oneOf('{"__proto__":{"eventId":"x"}}', '{"constructor":{"prototype":{}}}', '{"toString":1,"hasOwnProperty":2}'),
  fc
    .tuple(oneOf(2, 31, 32, 33, 900, 1_001, 20_000), oneOf(["[", "]"] as const, ['{"a":', "}"] as const))
    .map(([depth, brackets]) => nested(depth, brackets)),
  oneOf(100, 66_000, 140_000).map((length) => JSON.stringify("é".repeat(length / 2))),
  goodEvent.map((event) => event.replace('"eventId":', '"eventId":null,"eventId_":')),
  goodEvent.map((event) => event.replace("2026-", "9999-")),
  oneOf(".123456Z", ".123456789+00:00", `.${"1".repeat(19)}Z`, `.${"1".repeat(62_000)}Z`, "z", ":60Z", "-23:59").chain(
    (end) => goodEvent.map((event) => event.replace(/Z"/, `${end}"`)),
  ),
  oneOf("0,", "{},", '{"key":""},').map((part) => `[${part.repeat(6_000)}0]`),
);
const noJson = oneOf("", "tru", "nul", "{", "}", '"', "'x'", "NaN", "\u0000", "{,}", "[1,]", "\uFEFF1", "01", '"\n"');
export const value = mostly(mostly(goodEvent, oddJson), fc.oneof(oddJson, noJson));

/** Text that a sink may pass on from its topic: cut off, printed over many lines, or not JSON. */
export const sinkPoison = fc.oneof(
  oneOf("null", "[cut", '[{"a":1}', '{"a":[', '{\n  "a": oops\n}', "oops", "]", "}{", "\u001e", "\ufeff"),
  goodEvent.map((event) => JSON.stringify(JSON.parse(event), null, 2)),
  goodEvent.chain((event) => fc.nat(event.length).map((end) => event.slice(0, end))),
  oneOf(600_000, 1_100_000).map((length) => `{"a":"${"é".repeat(length / 2)}"}`),
);

const base64Text = mostly(
  fc.oneof(goodEvent.map(base64), fc.uint8Array({ maxLength: 40 }).map(base64)),
  oneOf("@", "Zg", "Zg=", "Zg===", "Z g=", "____", "é", ""),
).map((text) => JSON.stringify(text));

/** Bytes that are no text, and text that may be taken for bytes. */
const oddKey = oneOf('"/w=="', '"devA"', '"7aCA"', '"\\udc80"', '"\\ud83d\\ude00"', '"\\ud800x"', '"x\\u0000"');

export const integer = mostly(
  fc.integer({ min: 0, max: 63 }).map(String),
  oneOf("-1", "64", "1.5", "1e3", "-0", "99999999999999999999", "null", '"1"', "true", "8900000000000000"),
);
export const members = (shape: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> =>
  fc
    .record(shape, { requiredKeys: [] })
    .map((entries) => Object.entries(entries).map(([name, text]) => `${JSON.stringify(name)}:${text}`))
    .chain((texts) => fc.shuffledSubarray(texts, { minLength: texts.length }))
    .map((texts) => `{${texts.join()}}`);

const headers = (name: string) =>
  mostly(
    fc
      .array(members({ [name]: fc.string({ maxLength: 5 }).map((text) => JSON.stringify(text)), value: base64Text }), {
        maxLength: 3,
      })
      .map((list) => `[${list.join()}]`),
    oneOf("null", "{}", `[${Array(65).fill(`{"${name}":"h","value":""}`).join()}]`, "[null]"),
  );

export const v2Record = mostly(
  fc.oneof(
    value.map((text) => `{"value":${text}}`),
    base64Text.map((text) => `{"value":${text}}`),
    members({
      key: fc.oneof(base64Text, oddJson, oddKey),
      value: fc.oneof(value, base64Text),
      partition: integer,
      timestamp: integer,
      offset: integer,
      cut: mostly(
        members({ bytes: integer, sha256: oneOf(JSON.stringify("0".repeat(64)), '"abc"') }),
        fc.oneof(oddJson, oneOf("null")),
      ),
      headers: headers("key"),
    }),
  ),
  fc.oneof(oddJson, members({ value, unknown: oddJson })),
);

const part = mostly(
  fc.oneof(
    value.map((text) => `{"type":"JSON","data":${text}}`),
    goodEvent.map((text) => `{"type":"STRING","data":${JSON.stringify(text)}}`),
    base64Text.map((text) => `{"type":"BINARY","data":${text}}`),
    fc
      .tuple(oneOf("JSON", "STRING", "BINARY", "AVRO", "json", ""), oddJson)
      .map(([type, data]) => `{"type":"${type}","data":${data}}`),
  ),
  fc.oneof(oddJson, members({ type: oddJson, data: oddJson, schema: oddJson, schema_id: integer, subject: oddJson })),
);
const v3Key = fc
  .tuple(oneOf("JSON", "STRING", "BINARY"), fc.oneof(oddKey, base64Text))
  .map(([type, data]) => `{"type":"${type}","data":${data}}`);
export const v3Members = {
  key: mostly(part, v3Key),
  value: part,
  partition_id: integer,
  headers: headers("name"),
  timestamp: mostly(
    oneOf('"2026-11-01T00:00:00Z"'),
    oneOf("0", '"2026-02-30T00:00:00Z"', '"9999-12-31T23:59:59+00:01"', '"0000-01-01T00:00:00+23:59"', "null"),
  ),
};
export const v3Record = mostly(
  fc.oneof(
    part.map((text) => `{"value":${text}}`),
    members(v3Members),
  ),
  fc.oneof(oddJson, noJson, members({ ...v3Members, unknown: oddJson })),
);

const attribute = mostly(
  oneOf('"e-1"', '"é"', '"2026-11-01T08:00:00Z"'),
  fc.oneof(oneOf('""', "null", "1", "{}"), oddJson),
);
export const cloudEvent = mostly(
  members({
    specversion: mostly(oneOf('"1.0"'), attribute),
    id: attribute,
    source: attribute,
    type: attribute,
    time: attribute,
    subject: attribute,
    partitionkey: attribute,
    data: value,
    data_base64: base64Text,
  }),
  fc.oneof(oddJson, noJson),
);
