import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { parseRecord } from "#contracts/parse.ts";

/** A record as it came, in text. */
export type Received = {
  readonly topic: string;
  readonly key: string | null;
  /** Empty for none. */
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly accepted: boolean;
};

export type BoundaryServer = {
  readonly url: string;
  /** In the order in which they came, again and again if they came so. */
  readonly received: Received[];
  /** Headers of each request. */
  readonly requests: NodeJS.Dict<string | string[]>[];
  /** Answers a request in place of the boundary; `true` if it did. */
  before: (request: number, response: ServerResponse) => boolean | Promise<boolean>;
  /** Whether a record is accepted, or else becomes a dead letter. */
  accepts: Judge;
  readonly stop: () => void;
};

type Judge = (record: { readonly topic: string; readonly value: string }) => boolean;

export const byContract: Judge = (record) => parseRecord(record, Date.now()).ok;

/**
 * An HTTP server that stands for the boundary: it takes produce requests of version 2, binary, and keeps the records.
 */
export async function startBoundaryServer(accepts: Judge = byContract): Promise<BoundaryServer> {
  const received: Received[] = [];
  const requests: BoundaryServer["requests"] = [];
  const server = createServer(async (request, response) => {
    const bytes = Buffer.concat(await request.toArray());
    const body = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
    requests.push(request.headers);
    if (await boundary.before(requests.length, response)) return;
    const topic = decodeURIComponent((request.url ?? "").replace("/topics/", ""));
    const records = (JSON.parse(body) as { records: Written[] }).records.map((written) => toReceived(topic, written));
    received.push(...records.map((record) => ({ ...record, accepted: boundary.accepts(record) })));
    const offsets = received
      .slice(-records.length)
      .map(({ accepted }) => ({ error_code: accepted ? null : 42206, error: accepted ? null : "as the test says" }));
    response.writeHead(200, { "Content-Type": "application/vnd.kafka.v2+json" }).end(JSON.stringify({ offsets }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const boundary: BoundaryServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    requests,
    before: () => false,
    accepts,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return boundary;
}

/** For `before`: every request gets this status, and nothing is taken. */
export const refusing =
  (status: number): BoundaryServer["before"] =>
  (_, response) => {
    response.writeHead(status, { "Retry-After": "0" }).end('{"error_code":1,"message":"as the test says"}');
    return true;
  };

type Written = {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
};

const textOf = (base64: string): string => Buffer.from(base64, "base64").toString();

const toReceived = (topic: string, { key, value, headers = [] }: Written) => ({
  topic,
  key: key === null ? null : textOf(key),
  value: textOf(value ?? ""),
  headers: Object.fromEntries(headers.map((each) => [each.key, textOf(each.value)])),
});
