import { deflateSync, gzipSync } from "node:zlib";
import { type KafkaRequest, T, V2 } from "../../support/rest-proxy.ts";
import { type Case, errorBody, times } from "./case.ts";
import { failures } from "./cases-v2-refused.ts";
import { success } from "./cases-v2-taken.ts";
import { as, body, counts, failed, good, json, kept, nested, produced, taken } from "./v2-requests.ts";

/** What the rules and limits of this server add to the tables. */
const limits: Case[] = [
  {
    id: "strict",
    says: "a strict request with one bad record keeps none",
    request: json([good(), '{"value":{}}'], `/topics/${T}?strict=1`),
    status: 422,
    body: errorBody(42206),
  },
  {
    id: "accept",
    says: "an answer in HTML",
    request: as(json([good()]), { Accept: "text/html" }),
    status: 406,
    body: errorBody(40601),
  },
  {
    id: "accept",
    says: "an answer in anything",
    request: as(json([good()]), { Accept: "text/html, */*;q=0.1" }),
    status: 200,
    body: produced(taken()),
  },
  {
    id: "limits",
    says: "5,001 records",
    request: json(times(5_001, () => '{"value":1}')),
    status: 413,
    body: errorBody(413),
  },
  {
    id: "limits",
    says: "a record over 64 KiB is kept, and its neighbours are accepted",
    request: json([good(), `{"value":"${"x".repeat(70_000)}"}`, `{"value":"${"x".repeat(300_000)}"}`, good()]),
    status: 200,
    body: produced(taken(), failed(413, kept), failed(413, kept), taken()),
    headers: counts(2, 2),
  },
  {
    id: "limits",
    says: "of a record over 512 KiB the beginning is kept, and its neighbours are accepted",
    request: json([good(), good(), `{"value":"${"x".repeat(530_000)}"}`]),
    status: 200,
    headers: { "X-Concord-Accepted": "2", "X-Concord-Dead-Lettered": "1" },
  },
  {
    id: "limits",
    says: "a value nested deeper than 32 is kept",
    request: json([`{"value":${nested(40)}}`]),
    status: 200,
    body: produced(failed(42206, kept)),
  },
  {
    id: "limits",
    says: "a body nested deeper than any parser",
    request: body("[".repeat(1_000_000)),
    status: 400,
    body: errorBody(400),
  },
  {
    id: "limits",
    says: "a value nested 20 deep is only no event",
    request: json([`{"value":${nested(20)}}`]),
    status: 200,
    body: produced(failed(42206)),
  },
  {
    id: "limits",
    says: "a record of 65 headers is kept",
    request: json([good(`"headers":[${times(65, (i) => `{"key":"h${i}","value":""}`).join()}]`)]),
    status: 200,
    body: produced(failed(42206, kept)),
  },
  {
    id: "encoding",
    says: "gzip",
    request: encoded(gzipSync, "gzip"),
    status: 200,
    body: produced(taken()),
  },
  { id: "encoding", says: "deflate", request: encoded(deflateSync, "deflate"), status: 200, body: produced(taken()) },
  {
    id: "encoding",
    says: "an encoding that is not read",
    request: encoded(Buffer.from, "br"),
    status: 415,
    body: errorBody(415),
  },
  {
    id: "encoding",
    says: "gzip that is none",
    request: encoded(Buffer.from, "gzip"),
    status: 400,
    body: errorBody(400),
  },
  {
    id: "encoding",
    says: "gzip that was cut off",
    request: encoded((text) => gzipSync(text).subarray(0, -12), "gzip"),
    status: 400,
    body: errorBody(400),
  },
  {
    id: "encoding",
    says: "gzip that inflates past the limit",
    request: encoded((text) => gzipSync(text + " ".repeat(9 * 1024 * 1024)), "gzip"),
    status: 413,
    body: errorBody(413),
  },
];

function encoded(encode: (text: string) => Uint8Array, encoding: string): KafkaRequest {
  const { body: text, ...request } = json([good()]);
  return { ...request, headers: { "Content-Encoding": encoding }, body: encode(text as string) };
}

export const V2_CASES: Case[] = [...success, ...failures, ...limits].map((each) => ({ type: V2, ...each }));

/** Rows that no request over HTTP can bring about, or that are about something else than this server. */
export const V2_EXCUSED: Readonly<Record<string, string>> = {
  B15: "A JSON schema that comes along is ignored, so none is missing; A21 sends one and none.",
  B23: "A queue that refuses for good has to be a fake: test/workers/ingest.",
  B24: "A queue that takes some records only has to be a fake: test/workers/ingest.",
  B25: "An unexpected exception is a bug of ours; fuzz.test.ts looks for one.",
  B26: "A queue that is out of reach has to be a fake: test/workers/ingest.",
};
