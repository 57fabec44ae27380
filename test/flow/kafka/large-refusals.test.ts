import { beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../../local/stack.ts";
import { uploadBytes } from "../../support/raw-http.ts";
import { basic, JSON_V2, type KafkaRequest, send, T } from "../../support/rest-proxy.ts";
import { sharedStack } from "../../support/shared-stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await sharedStack();
});

const MB = 1_000_000;

/** Each refused before its body was read, or at the limit while it was. */
const REFUSED: readonly (readonly [status: number, says: string, request: KafkaRequest])[] = [
  [413, "its size", { path: `/topics/${T}`, type: JSON_V2 }],
  [401, "its credentials", { path: `/ingest/${T}`, headers: { Authorization: basic("dev:wrong") } }],
  [403, "its topic", { path: "/ingest/device.ecobee.a.b", headers: { Authorization: basic("elt-bridge:s3cret") } }],
  [415, "its type", { path: `/topics/${T}`, type: "multipart/mixed" }],
  [404, "its path", { path: "/ingest/no/such/path" }],
  [404, "a path that the front door does not know", { path: "/nowhere" }],
];

describe("a large upload reads its answer", () => {
  it.each(REFUSED)("%i, where it is refused for %s", async (status, _says, request) => {
    const bodies = [8, 20, 12, 16].map((megabytes) => Buffer.alloc(megabytes * MB, "x"));
    const statuses: unknown[] = [];
    for (const body of bodies) {
      const whole = { type: "application/json", ...request, body };
      const chunked = { ...whole, headers: { ...request.headers, "Transfer-Encoding": "chunked" } };
      const answers = [uploadBytes(stack.url, whole), uploadBytes(stack.url, chunked)].map((one) => one.then(statusOf));
      const fetched = send(stack.url, whole).then((answer) => answer.status);
      // Together, so that each is kept waiting by the others.
      statuses.push(...(await Promise.all([...answers, fetched].map((one) => one.catch(String)))));
    }
    expect(statuses).toEqual(statuses.map(() => status));
  });
});

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
