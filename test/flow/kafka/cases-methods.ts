import { eventText, JSON_V2, type KafkaRequest, T, V2 } from "../../support/rest-proxy.ts";
import { type Case, errorBody } from "./case.ts";

const JSON_TYPE = "application/json";
const RECORDS = `/v3/clusters/concord/topics/${T}/records`;
const GET = "GET, HEAD, OPTIONS";
const POST = "POST, OPTIONS";
const BOTH = "GET, POST, HEAD, OPTIONS";

/** A method that its path has no use for, and the methods that it takes instead. */
const refused: Case[] = (
  [
    ["PUT", `/topics/${T}`, BOTH],
    ["DELETE", `/topics/${T}/partitions/3`, BOTH],
    ["POST", "/topics", GET],
    ["POST", `/topics/${T}/partitions`, GET],
    ["DELETE", "/brokers", GET],
    ["POST", "/v3/clusters", GET],
    ["DELETE", "/v3/clusters/concord", GET],
    ["POST", "/kafka/v3/clusters/concord/topics", GET],
    ["PATCH", `/v3/clusters/concord/topics/${T}`, GET],
    ["GET", RECORDS, POST],
    ["PUT", `${RECORDS}:batch`, POST],
    ["GET", `/ingest/${T}`, POST],
    ["PUT", `/ingest/${T}/`, POST],
  ] as const
).map(([method, path, allow]) => ({
  id: "methods",
  says: `${method} ${path} is not allowed`,
  request: { method, path },
  status: 405,
  type: /^\/(topics|brokers)/.test(path) ? V2 : JSON_TYPE,
  headers: { Allow: allow },
  body: errorBody(405),
}));

const asHttpSays: Case[] = [
  {
    id: "methods",
    says: "HEAD is GET without a body",
    request: { method: "HEAD", path: "/topics" },
    status: 200,
    type: V2,
  },
  {
    id: "methods",
    says: "HEAD of another cluster finds as little as GET",
    request: { method: "HEAD", path: "/v3/clusters/other" },
    status: 404,
    type: JSON_TYPE,
  },
  {
    id: "methods",
    says: "HEAD where there is nothing to GET",
    request: { method: "HEAD", path: `/ingest/${T}` },
    status: 405,
    type: JSON_TYPE,
    headers: { Allow: POST },
  },
  ...(
    [
      [`/topics/${T}`, BOTH],
      ["/v3/clusters", GET],
      [RECORDS, POST],
      [`/ingest/${T}`, POST],
    ] as const
  ).map(([path, allow]) => ({
    id: "methods",
    says: `OPTIONS of ${path} says what may be done with it`,
    request: { method: "OPTIONS", path },
    status: 204,
    type: "",
    headers: { Allow: allow },
  })),
  {
    id: "methods",
    says: "a path that does not exist allows nothing",
    request: { method: "OPTIONS", path: "/v3/clusters/concord/topics/a/records:some" },
    status: 404,
    type: JSON_TYPE,
    headers: { Allow: null },
    body: errorBody(404),
  },
];

const value = eventText();
const posted = (path: string, type: string, body: string): KafkaRequest => ({ path, type, body });

/** A slash behind a path makes no other path of it. */
const slashes: Case[] = (
  [
    [posted(`/topics/${T}/`, JSON_V2, `{"records":[{"value":${value}}]}`), 200, V2],
    [posted(`/topics/${T}/partitions/3/`, JSON_V2, `{"records":[{"value":${value}}]}`), 200, V2],
    [posted(`/ingest/${T}/?strict=1`, JSON_TYPE, value), 200, JSON_TYPE],
    [posted(`${RECORDS}/`, JSON_TYPE, `{"value":{"type":"JSON","data":${value}}}`), 200, JSON_TYPE],
    [
      posted(`${RECORDS}:batch/`, JSON_TYPE, `{"entries":[{"id":"1","value":{"type":"JSON","data":${value}}}]}`),
      207,
      JSON_TYPE,
    ],
    [{ method: "GET", path: "/topics/" }, 200, V2],
    [{ method: "GET", path: "/brokers/" }, 200, V2],
    [{ method: "GET", path: "/v3/clusters/" }, 200, JSON_TYPE],
    [{ method: "GET", path: `/kafka/v3/clusters/concord/topics/${T}/` }, 200, JSON_TYPE],
  ] as const
).map(([request, status, type]) => ({
  id: "slashes",
  says: `${request.path} is the path without its slash`,
  request,
  status,
  type,
}));

/** Of every protocol: which methods a path takes, and how it may be written. */
export const METHOD_CASES: Case[] = [...refused, ...asHttpSays, ...slashes];
