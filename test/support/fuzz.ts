import { request as httpRequest } from "node:http";
import { deflateSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { sendBytes } from "./raw-http.ts";
import {
  type Answer,
  base64,
  basic,
  eventText,
  JSON_V2,
  REGISTRATIONS,
  receiptsOf,
  recordsKept,
  T,
} from "./rest-proxy.ts";

/** A request that is nearly right, or bytes that are hardly a request. Bodies are one character a byte. */
export type FuzzRequest =
  | {
      readonly kind: "http";
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly chunked: boolean;
    }
  | { readonly kind: "bytes"; readonly bytes: string };

const bytesOf = (text: string | Uint8Array): string => Buffer.from(text).toString("latin1");

const oneOf = <const V>(...values: V[]) => fc.constantFrom(...values);
/** Mostly the first, which is right. */
const mostly = <A, B>(right: fc.Arbitrary<A>, odd: fc.Arbitrary<B>): fc.Arbitrary<A | B> =>
  fc.oneof({ weight: 7, arbitrary: right }, { weight: 1, arbitrary: odd });

const nested = (depth: number, [open, close]: readonly [string, string]): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

/** A few devices, because the first event of each costs a local database. */
const goodEvent = fc.constantFrom("fuzz-1", "fuzz-2", "fuzz-3").map((deviceId) => eventText(T, deviceId));

const oddJson: fc.Arbitrary<string> = fc.oneof(
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
const value = mostly(mostly(goodEvent, oddJson), fc.oneof(oddJson, noJson));

const base64Text = mostly(
  fc.oneof(goodEvent.map(base64), fc.uint8Array({ maxLength: 40 }).map(base64)),
  oneOf("@", "Zg", "Zg=", "Zg===", "Z g=", "____", "é", ""),
).map((text) => JSON.stringify(text));

const integer = mostly(
  fc.integer({ min: 0, max: 63 }).map(String),
  oneOf("-1", "64", "1.5", "1e3", "-0", "99999999999999999999", "null", '"1"', "true", "8900000000000000"),
);
const members = (shape: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> =>
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

const v2Record = mostly(
  fc.oneof(
    value.map((text) => `{"value":${text}}`),
    base64Text.map((text) => `{"value":${text}}`),
    members({
      key: fc.oneof(base64Text, oddJson),
      value: fc.oneof(value, base64Text),
      partition: integer,
      timestamp: integer,
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
const v3Members = {
  key: part,
  value: part,
  partition_id: integer,
  headers: headers("name"),
  timestamp: mostly(
    oneOf('"2026-11-01T00:00:00Z"'),
    oneOf("0", '"2026-02-30T00:00:00Z"', '"9999-12-31T23:59:59+00:01"', '"0000-01-01T00:00:00+23:59"', "null"),
  ),
};
const v3Record = mostly(
  fc.oneof(
    part.map((text) => `{"value":${text}}`),
    members(v3Members),
  ),
  fc.oneof(oddJson, noJson, members({ ...v3Members, unknown: oddJson })),
);

const several = (record: fc.Arbitrary<string>, separator: string) =>
  fc.array(record, { maxLength: 6 }).map((records) => records.join(separator));

const topic = mostly(
  oneOf(T, T, T, REGISTRATIONS),
  fc.oneof(
    oneOf(
      "device.elt.fuzz.unheard",
      "device.nest.status.reported",
      "nope",
      "DEVICE.elt.a.b",
      "device.elt.__proto__.x",
      "%00",
      "device%2eelt.a.b",
      "%ff",
      "a%2Fb",
      `device.elt.a.${"b".repeat(300)}`,
    ),
    fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
  ),
);
const query = mostly(
  oneOf(""),
  oneOf("?strict=1", "?async=true", "?strict=1&async=true", "?strict", "?%ff=%", "?__proto__=1"),
);
const cluster = mostly(oneOf("concord"), oneOf("other", "%2e", "__proto__", "a%2Fb"));

/** Where a body of each shape belongs. */
const endpoints = [
  {
    path: mostly(
      topic.map((name) => `/topics/${name}`),
      fc
        .tuple(topic, oneOf("0", "63", "64", "-1", "1e1", "%30", "", "x"))
        .map(([name, id]) => `/topics/${name}/partitions/${id}`),
    ),
    type: oneOf(
      JSON_V2,
      "application/vnd.kafka.binary.v2+json",
      "application/json",
      "application/vnd.kafka.v1+json",
      "application/vnd.kafka.jsonschema.v2+json",
    ),
    body: mostly(
      several(v2Record, ",").map((records) => `{"records":[${records}]}`),
      members({
        records: fc.oneof(
          oddJson,
          several(v2Record, ",").map((all) => `[${all}]`),
        ),
        key_schema: oddJson,
        value_schema_id: integer,
        unknown: oddJson,
      }),
    ),
  },
  {
    path: fc
      .tuple(oneOf("", "/kafka"), cluster, topic)
      .map(([base, id, name]) => `${base}/v3/clusters/${id}/topics/${name}/records`),
    type: oneOf("application/json"),
    body: fc.oneof(several(v3Record, ""), several(v3Record, " \r\n")),
  },
  {
    path: fc
      .tuple(topic, mostly(oneOf(":batch", "%3Abatch"), oneOf(":BATCH", ":", ":batch:batch")))
      .map(([name, op]) => `/v3/clusters/concord/topics/${name}/records${op}`),
    type: oneOf("application/json"),
    body: mostly(
      fc
        .array(
          members({
            id: mostly(
              fc.nat(99).map((id) => `"${id}"`),
              oddJson,
            ),
            ...v3Members,
          }),
          { maxLength: 5 },
        )
        .map((entries) => `{"entries":[${entries.join()}]}`),
      members({ entries: oddJson }),
    ),
  },
  {
    path: topic.map((name) => `/ingest/${name}`),
    type: oneOf("application/json", "application/x-ndjson", "application/jsonl", "text/plain"),
    body: fc.oneof(
      value,
      several(value, ",").map((all) => `[${all}]`),
      several(value, "\n"),
      several(value, "\r\n\r\n"),
    ),
  },
  {
    path: oneOf(
      "/topics",
      "/brokers",
      "/v3/clusters",
      "/v3/clusters/concord",
      "/v3/clusters/concord/topics",
      `/topics/${T}/partitions`,
      "/kafka",
      "/v3",
      "/ingest",
      "/topics/",
      "/contracts",
      "/topics/a/b/c/d/e",
    ),
    type: oneOf("application/json"),
    body: oneOf(""),
  },
];

/** What happens to a body on its way. */
const damage: fc.Arbitrary<(body: Buffer) => Buffer> = fc.oneof(
  fc.nat(200).map((at) => (body: Buffer) => body.subarray(0, at)),
  fc.tuple(fc.nat(400), fc.uint8Array({ minLength: 1, maxLength: 4 })).map(
    ([at, bytes]) =>
      (body: Buffer) =>
        Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + 1)]),
  ),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => () => Buffer.from(bytes)),
  fc.constant((body: Buffer) => Buffer.concat([body, body])),
  fc.constant((body: Buffer) => Buffer.from(`\ufeff${body}`)),
);
const encoding: fc.Arbitrary<{ name?: string; encode: (body: Buffer) => Buffer }> = mostly(
  fc.constant({ encode: (body: Buffer) => body }),
  fc.oneof(
    fc.constant({ name: "gzip", encode: (body: Buffer) => gzipSync(body) }),
    fc.constant({ name: "deflate", encode: (body: Buffer) => deflateSync(body) }),
    fc.nat(60).map((length) => ({ name: "gzip", encode: (body: Buffer) => gzipSync(body).subarray(0, length) })),
    oneOf("gzip", "deflate", "br", "identity", "gzip, gzip", "").map((name) => ({
      name,
      encode: (body: Buffer) => body,
    })),
  ),
);

/** Headers that change nothing of whether a request is read. */
const bystanders = fc.record(
  {
    "X-Kafka-Key": oneOf("k", "\u00e9", "x".repeat(2_000)),
    "X-Kafka-Partition": oneOf("3", "-1", "x", "9".repeat(15)),
    "X-Kafka-Timestamp": oneOf("1700000000000", "9".repeat(15), "1e3"),
    "Idempotency-Key": oneOf("k", "x".repeat(255)),
    traceparent: oneOf("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x".repeat(4_000), "00-0-0-0"),
  },
  { requiredKeys: [] },
);
const wrongHeaders = fc.oneof(
  oneOf("*/*", "application/*;q=0", "text/html", "application/vnd.kafka.v2+json;q=x", ",;,").map((text) => ({
    Accept: text,
  })),
  oneOf("", basic("dev:nope"), "Bearer dev.dev", "Bearer a.b.c", "Basic =", "Basic ////", basic(":")).map((text) => ({
    Authorization: text,
  })),
  oneOf("", ";", "application/json;charset=utf-16", 'APPLICATION/JSON ; charset="UTF-8"', "multipart/mixed", "a/b").map(
    (text) => ({ "Content-Type": text }),
  ),
  fc.constant({ "Idempotency-Key": "x".repeat(300) }),
);

const nearlyRight: fc.Arbitrary<FuzzRequest> = fc.oneof(
  ...endpoints.map(({ path, type, body }, i) =>
    fc
      .record({
        path,
        query,
        type,
        body,
        damage: mostly(
          fc.constant((whole: Buffer) => whole),
          damage,
        ),
        encoding,
        bystanders: fc.oneof(fc.constant({}), bystanders),
        wrong: mostly(fc.constant({}), wrongHeaders),
        method:
          i === endpoints.length - 1
            ? oneOf("GET", "POST", "DELETE", "HEAD")
            : mostly(oneOf("POST"), oneOf("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND")),
        chunked: fc.boolean(),
      })
      .map((made) => ({
        kind: "http" as const,
        method: made.method,
        path: made.path + made.query,
        headers: {
          Authorization: basic("dev:dev"),
          "Content-Type": made.type,
          ...(made.encoding.name !== undefined && { "Content-Encoding": made.encoding.name }),
          ...made.bystanders,
          ...made.wrong,
        },
        body: bytesOf(made.encoding.encode(made.damage(Buffer.from(made.body)))),
        chunked: made.chunked,
      })),
  ),
);

/** Requests whose frame is wrong. Not to v3 streams: what those kept before they broke is told to nobody. */
const hardlyARequest: fc.Arbitrary<FuzzRequest> = fc
  .oneof(
    fc.uint8Array({ maxLength: 200 }).map(bytesOf),
    fc
      .record({
        line: mostly(
          oneOf(`POST /topics/${T}`, `POST /ingest/${T}`, `POST /v3/clusters/concord/topics/${T}/records:batch`),
          oneOf(
            "FOO /topics",
            "post /topics",
            `POST http://x/ingest/${T}`,
            "POST /ingest/../topics",
            "GET /%",
            "POST //",
          ),
        ),
        type: oneOf("application/json", JSON_V2),
        framing: oneOf<(body: string) => string>(
          (body) => `Content-Length: ${body.length}\r\n\r\n${body}`,
          (body) => `Content-Length: ${body.length + 10}\r\n\r\n${body}`,
          (body) => `Content-Length: ${body.length >> 1}\r\n\r\n${body}`,
          (body) => `Content-Length: -1\r\n\r\n${body}`,
          (body) => `Content-Length: ${body.length}\r\nContent-Length: 1\r\n\r\n${body}`,
          (body) => `Transfer-Encoding: chunked\r\n\r\n${body}`,
          (body) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
          (body) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
          (body) => `Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n${body}`,
          (body) => `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          (body) => `\r\n${body}`,
        ),
        event: goodEvent,
      })
      .map(({ line, type, framing, event }) => {
        const body = bytesOf(type === JSON_V2 ? `{"records":[{"value":${event}}]}` : event);
        return `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${basic("dev:dev")}\r\nContent-Type: ${type}\r\n${framing(body)}`;
      }),
  )
  .map((bytes) => ({ kind: "bytes" as const, bytes }));

export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 9, arbitrary: nearlyRight },
  { weight: 1, arbitrary: hardlyARequest },
);

export type FuzzReport = { readonly statuses: Record<string, number>; kept: number };

/**
 * Sends requests until one is answered as none may be.
 * @throws with the seed, the path to the request and the request itself, made as small as it gets
 */
export async function fuzz(
  url: URL,
  { requests, seed, onAnswer = () => {} }: { requests: number; seed: number; onAnswer?: () => void },
): Promise<FuzzReport> {
  const report: FuzzReport = { statuses: {}, kept: 0 };
  const property = fc.asyncProperty(fuzzRequest, async (request) => {
    const statuses =
      request.kind === "http" ? await answerHttp(url, request, report) : await answerBytes(url, request.bytes, report);
    for (const status of statuses) report.statuses[status] = (report.statuses[status] ?? 0) + 1;
    onAnswer();
  });
  await fc.assert(property, { numRuns: requests, seed });
  return report;
}

async function answerHttp(url: URL, request: FuzzRequest & { kind: "http" }, report: FuzzReport) {
  let answer = await deliver(url, request);
  // The local runtime keeps connections between its Workers, and a broken request takes one down with it, which then
  // answers the next one so. Had that one been read, the count of what was kept would tell.
  for (let tries = 1; tries < 3 && LOST.test(answer.text); tries++) answer = await deliver(url, request);
  report.kept += recordsKept(answer);
  requireProperAnswer(request, answer);
  return [answer.status];
}

/** Far more than any answer takes, also where eight fuzzers share two cores. */
const ANSWER_MS = 20_000;

/** No header or path is refused on our side, and none is mended. */
function deliver(url: URL, request: FuzzRequest & { kind: "http" }): Promise<Answer> {
  const { method, path, headers, chunked } = request;
  const body = Buffer.from(request.body, "latin1");
  const length = chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": body.length };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: url.hostname,
      port: url.port,
      method,
      path,
      headers: { ...headers, ...length },
      agent: false,
    });
    sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
    sent.on("error", reject);
    sent.on("response", async (response) => {
      try {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
        const answered = new Headers(
          Object.entries(response.headersDistinct).map(([name, [first = ""] = []]) => [name, first]),
        );
        const type = (answered.get("Content-Type") ?? "").split(";")[0] as string;
        resolve({ status: response.statusCode ?? 0, type, headers: answered, text });
      } catch (thrown) {
        reject(thrown);
      }
    });
    sent.end(body);
  });
}

function requireProperAnswer(request: FuzzRequest & { kind: "http" }, { status, text, headers }: Answer) {
  const { method, path } = request;
  const complain = (what: string): never => {
    throw new Error(`${what}: ${status} ${text.slice(0, 300)}`);
  };
  if (status >= 500 && !(status === 503 && headers.has("Retry-After"))) complain("a failure of the server");
  if (method === "HEAD" || status === 204) return;
  const receipts = text.endsWith("\r\n") ? receiptsOf(text) : [];
  const isStream = status === 200 && method === "POST" && /\/records(\?|$)/.test(path);
  if (isStream && receipts.length === 0) {
    // White space, compressed or not, holds no record that wants a receipt.
    if (
      request.headers["Content-Encoding"] === undefined &&
      Buffer.from(request.body, "latin1").toString().trim() !== ""
    )
      complain("no receipt");
    return;
  }

  const entries = receipts.length > 0 ? receipts : [JSON.parse(text) as { offsets?: unknown[]; failures?: unknown[] }];
  const failed = entries.filter(
    (entry) => status >= 400 || (receipts.length > 0 && (entry as { error_code: number }).error_code !== 200),
  );
  for (const { error_code, message } of failed as { error_code?: unknown; message?: unknown }[]) {
    const isError = typeof error_code === "number" && typeof message === "string" && message !== "";
    if (!isError) complain("an error without code or message");
  }
}

const LOST = /^Error: Network connection lost\./;

/** What the runtime answers by itself, before a Worker sees the request or after its client is gone. */
const NOT_OURS = /Unrecognized request method|Network connection lost/;

async function answerBytes(url: URL, bytes: string, report: FuzzReport): Promise<string[]> {
  const text = (await sendBytes(url, Buffer.from(bytes, "latin1"))).toString();
  for (const [, count] of text.matchAll(/^X-Concord-(?:Accepted|Dead-Lettered): (\d+)/gim))
    report.kept += Number(count);
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status as string);
  if (statuses.some((status) => status >= "500") && !NOT_OURS.test(text))
    throw new Error(`a failure of the server: ${text.slice(0, 500)}`);
  return statuses.map((status) => `${status} to bytes`);
}
