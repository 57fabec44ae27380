import { expect } from "vitest";
import { eventText, T } from "../../support/rest-proxy.ts";
import { type Case, errorBody, number, times } from "./case.ts";
import { embedded, entries, JSON_TYPE, json, recordsOf, sized } from "./v3-requests.ts";

/** An entry of a batch, with a value that keeps its contract unless it has other members. */
const entry = (id: string, members = `"value":${json(eventText())}`): string =>
  `{"id":${JSON.stringify(id)},${members}}`;
const succeeded = (id: string, members: object = {}) =>
  expect.objectContaining({
    id,
    cluster_id: "concord",
    topic_name: T,
    partition_id: 0,
    offset: number,
    timestamp: expect.any(String),
    ...members,
  });
const failedEntry = (id: string, error_code: number, message: unknown = expect.stringMatching(/\S/)) =>
  expect.objectContaining({ id, error_code, message });
const batchError = (message: string) => errorBody(42208, expect.stringMatching(message));

export const batches: Case[] = [
  {
    id: "D1",
    says: "four entries succeed",
    request: entries(times(4, (i) => entry(String(i)))),
    status: 207,
    body: { successes: times(4, (i) => succeeded(String(i), { value: sized("JSON") })), failures: [] },
  },
  {
    id: "D1",
    says: "the colon of the path may be escaped, and the prefix may be /kafka",
    request: entries([entry("0")], `/kafka${recordsOf(T)}%3Abatch`),
    status: 207,
    body: { successes: [succeeded("0")], failures: [] },
  },
  {
    id: "D2",
    says: "one bad entry fails alone",
    request: entries([entry("0"), entry("1", `"value":${embedded("BINARY", '"fooba"')}`)]),
    status: 207,
    body: { successes: [succeeded("0")], failures: [failedEntry("1", 400, expect.stringMatching(/^Bad Request: /))] },
  },
  {
    id: "D3",
    says: "all entries fail",
    request: entries(times(3, (i) => entry(String(i), `"value":${embedded("BINARY", "1")}`))),
    status: 207,
    body: { successes: [], failures: times(3, (i) => failedEntry(String(i), 400)) },
  },
  {
    id: "D4",
    says: "no body",
    request: { path: `${recordsOf(T)}:batch`, type: JSON_TYPE },
    status: 422,
    body: batchError("Request body is empty. Data is required\\."),
  },
  { id: "D5", says: "no entries", request: entries([]), status: 422, body: batchError("Empty batch\\.") },
  {
    id: "D6",
    says: "100 entries are taken",
    request: entries(times(100, (i) => entry(String(i)))),
    status: 207,
    body: { successes: times(100, (i) => succeeded(String(i))), failures: [] },
  },
  {
    id: "D6",
    says: "101 entries are too many",
    request: entries(times(101, (i) => entry(String(i)))),
    status: 422,
    body: batchError("Too many entries in batch\\."),
  },
  {
    id: "D7",
    says: "two entries of one id",
    request: entries([entry("0"), entry("0")]),
    status: 422,
    body: batchError("Batch entry IDs are not distinct\\."),
  },
  {
    id: "D9",
    says: "ids are echoed as they came",
    request: entries([entry("entry-1"), entry("0-9_a-z_A-Z")]),
    status: 207,
    body: { successes: [succeeded("entry-1"), succeeded("0-9_a-z_A-Z")], failures: [] },
  },
  {
    id: "D10",
    says: "a partition that is not there",
    request: entries([entry("1", `"partition_id":-1,"value":${json("1")}`)]),
    status: 207,
    body: { successes: [], failures: [failedEntry("1", 40402, expect.stringMatching(/^Partition not found\./))] },
  },
  {
    id: "D11",
    says: "data that only a schema can read",
    request: entries([entry("1", '"value":{"type":"AVRO","schema":"{}","data":1}')]),
    status: 207,
    body: {
      successes: [],
      failures: [failedEntry("1", 422, expect.stringMatching(/^Error: 42206 : Payload error\./))],
    },
  },
  {
    id: "D13",
    says: "an entry of nothing becomes a dead letter",
    request: entries(['{"id":"1"}']),
    status: 207,
    body: {
      successes: [],
      failures: [failedEntry("1", 422, expect.stringMatching(/^Error: 42206 : .*kept as a dead letter/))],
    },
  },
];
