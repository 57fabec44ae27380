import { CloudEvent, HTTP } from "cloudevents";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textOfBytes } from "#base/utf8.ts";
import type { Entry } from "./accept.ts";
import { entriesOfSink } from "./sinks.ts";

const STRUCTURED = "application/cloudevents+json";
const BATCHED = "application/cloudevents-batch+json";

async function entriesOf(body: string, headers: Record<string, unknown>): Promise<Entry[]> {
  const fields = new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const entries: Entry[] = [];
  for await (const some of entriesOfSink(
    { topic: "device.elt.a.b", headers: fields },
    (async function* () {
      yield body;
    })(),
  ))
    entries.push(...some);
  return entries;
}

/** The values, keys and issues of what a body holds. */
async function read(body: string, headers: Record<string, unknown>) {
  return (await entriesOf(body, headers)).map((entry) => {
    if (entry.kind !== "record") throw new Error(entry.message);
    const { beyond, record } = entry;
    const path = beyond?.reason === "schema_mismatch" ? beyond.issues[0]?.path : beyond?.reason;
    return { value: record.value, key: record.key, ...(path !== undefined && { path }) };
  });
}

const structured = (body: string) => read(body, { "Content-Type": STRUCTURED });

const NEEDED = '"specversion":"1.0","id":"e-1","source":"/s","type":"t"';
const event = (members: string) => `{${NEEDED},${members}}`;

describe("a CloudEvent of npm's cloudevents", () => {
  const attributes = { id: "é-1", source: "/elt", type: "t", subject: "t-1", time: "2026-11-01T08:00:00.000Z" };
  const ours = new CloudEvent({ ...attributes, partitionkey: "k-1", data: { data: { mode: "heat" } } });
  const value = '{"eventId":"é-1","occurredAt":"2026-11-01T08:00:00.000Z","deviceId":"t-1","data":{"mode":"heat"}}';

  it("is read when it is structured", async () => {
    const { headers, body } = HTTP.structured(ours);
    expect(await read(String(body), headers)).toEqual([{ value, key: "k-1" }]);
  });

  it("is read when it is binary, and its record has the attributes as headers", async () => {
    const { headers, body } = HTTP.binary(ours.cloneWith({ id: "e%201" }));
    expect(await read(String(body), headers)).toEqual([{ value: value.replace("é-1", "e 1"), key: "k-1" }]);
    const [entry] = await entriesOf(String(body), headers);
    expect(entry).toMatchObject({ record: { headers: expect.arrayContaining([["ce_type", btoa("t")]]) } });
  });

  it("is read among others in a batch", async () => {
    const body = `[${[ours, ours.cloneWith({ id: "e-2" })].map((each) => HTTP.structured(each).body).join()}]`;
    const values = [value, value.replace("é-1", "e-2")];
    expect(await read(body, { "Content-Type": BATCHED })).toEqual(values.map((one) => ({ value: one, key: "k-1" })));
  });

  it("is read with its data as bytes", async () => {
    const data = new Uint8Array(Buffer.from('{"data":{}}'));
    const { headers, body } = HTTP.structured(
      new CloudEvent({ ...attributes, data_base64: Buffer.from(data).toString("base64") }),
    );
    expect(await read(String(body), headers)).toEqual([{ value: value.replace('{"mode":"heat"}', "{}"), key: null }]);
  });
});

describe("the data of a CloudEvent", () => {
  it("keeps its bytes, and what it says itself goes before the attributes", async () => {
    const data = '{ "n" : 9007199254740993.0, "eventId":"own", "\\u0064eviceId":null,"s":"\\u00e9\\/" }';
    const [only] = await structured(event(`"time":"2026-11-01T08:00:00Z","subject":"t-1","data":${data}`));
    expect(only?.value).toBe(`{"occurredAt":"2026-11-01T08:00:00Z",${data.slice(1)}`);
  });

  it("may be an object of nothing, or say all by itself", async () => {
    expect(await structured(event('"data":{ }'))).toEqual([{ value: '{"eventId":"e-1" }', key: null }]);
    const all = '{"eventId":1,"occurredAt":2,"deviceId":3}';
    expect(await structured(event(`"data":${all}`))).toEqual([{ value: all, key: null }]);
  });

  it("is the object that was sent with the missing members added, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), async (data) => {
        const [only] = await structured(event(`"subject":"t-1","data":${JSON.stringify(data)}`));
        const sent = JSON.parse(JSON.stringify(data));
        expect(JSON.parse(only?.value ?? "")).toEqual({ eventId: "e-1", deviceId: "t-1", ...sent });
      }),
    );
  });
});

describe("a broken CloudEvent keeps its whole text", () => {
  it.each([
    ["specversion", '{"id":"e","source":"/s","type":"t","data":{}}'],
    ["specversion", event('"data":{}').replace("1.0", "0.3")],
    ["id", event('"data":{}').replace('"id":"e-1"', '"id":""')],
    ["id", event('"data":{}').replace('"id":"e-1"', '"id":1')],
    ["source", event('"data":{}').replace('"source":"/s",', "")],
    ["type", event('"data":{}').replace(',"type":"t"', "")],
    ["time", event('"time":1,"data":{}')],
    ["data", `{${NEEDED}}`],
    ["data", event('"data":null')],
    ["data", event('"data":"{}"')],
    ["data", event('"data":[{}]')],
    ["data", event('"data_base64":"e30"')],
    ["data", event('"data_base64":{}')],
    ["data", event(`"data_base64":"${btoa("no json")}"`)],
  ])("where the fault is its %s: %s", async (path, text) => {
    expect(await structured(text)).toEqual([{ value: text, key: null, path }]);
  });

  it("in binary mode too, with its attributes", async () => {
    const headers = { "Content-Type": "application/json", "ce-id": "e-1", "ce-source": "/s", "ce-type": "t" };
    expect(await read("{}", headers)).toEqual([{ value: "{}", key: null, path: "specversion" }]);
    const whole = { ...headers, "ce-specversion": "1.0" };
    expect(await read("[ 1 ]", whole)).toEqual([{ value: "1", key: null, path: "data" }]);
    const [entry] = await entriesOf("{}", headers);
    expect(entry).toMatchObject({ record: { headers: expect.arrayContaining([["ce_id", btoa("e-1")]]) } });
  });

  it("and so does what is no JSON at all, which its contract refuses", async () => {
    const texts = [event('"data":{"a":tru}'), "{", "1", `{"id":"${textOfBytes(Uint8Array.of(0xff))}",}`];
    for (const text of texts) expect(await structured(text)).toEqual([{ value: text, key: null }]);
  });
});

it("The headers of one event say nothing of a body with two records", async () => {
  const headers = {
    "Content-Type": "application/x-ndjson",
    "ce-id": "e",
    "ce-specversion": "1.0",
    "ce-source": "/",
    "ce-type": "t",
  };
  expect(await read("{}\n{}", headers)).toEqual([
    { value: "{}", key: null },
    { value: "{}", key: null },
  ]);
});
