import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newTokenKey } from "#auth/new-key.ts";
import { signOpsToken } from "#auth/ops-user.ts";
import { signToken } from "#auth/token.ts";
import { startStack } from "../../local/stack.ts";

const MAY = ["service", "operator"] as const;
const [old, next] = await Promise.all([newTokenKey({ may: MAY, kid: "old" }), newTokenKey({ may: MAY, kid: "new" })]);

type Key = typeof old;
const keysOf = (...keys: readonly Key[]) => JSON.stringify({ keys: keys.map(({ entry }) => entry) });

const secrets: Record<string, string> = { TOKEN_KEYS: keysOf(old) };
let stack: Awaited<ReturnType<typeof startStack>>;
beforeAll(async () => {
  stack = await startStack({ secrets });
});
afterAll(() => stack.stop());

const deploy = (...keys: readonly Key[]) => {
  secrets.TOKEN_KEYS = keysOf(...keys);
  return stack.redeploy();
};

/** What each of the three Workers that verify tokens answers to those of a key. */
async function answersTo({ signingKey }: Key) {
  const service = `Bearer ${await signToken({ role: "service" }, signingKey, "5m")}`;
  const operator = `Bearer ${await signOpsToken({ actor: "ann", role: "operator" }, signingKey, "5m")}`;
  const [graphql, ops] = await Promise.all([
    fetch(new URL("/graphql", stack.url), {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: service },
      body: '{"query":"{ __typename }"}',
    }),
    fetch(new URL("/ops/api/me", stack.url), { headers: { Authorization: operator } }),
  ]);
  await Promise.all([graphql.body?.cancel(), ops.body?.cancel()]);
  return { api: graphql.status, dlq: ops.status, devices: await handshake(service) };
}

/** The type of the first message of a live socket, or the code that it closes with. */
function handshake(authorization: string): Promise<string | number> {
  const url = new URL("/live?dealer=D-1", stack.url);
  url.protocol = "ws:";
  const socket = new WebSocket(url, "graphql-transport-ws");
  return new Promise((resolve) => {
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "connection_init", payload: { Authorization: authorization } }));
    socket.onmessage = ({ data }) => {
      resolve(JSON.parse(data).type);
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(code);
  });
}

const ACCEPTED = { api: 200, dlq: 200, devices: "connection_ack" };
const REFUSED = { api: 401, dlq: 401, devices: 4403 };

/** The kids that each Worker says it knows, in one answer of the front door. */
async function knownKeys() {
  const response = await fetch(new URL("/readyz", stack.url));
  const { workers } = (await response.json()) as { workers: Record<string, { worker: string; tokenKeys?: string[] }> };
  return Object.values(workers).flatMap(({ worker, tokenKeys }) => (tokenKeys ? [`${worker}: ${tokenKeys}`] : []));
}
const known = (kids: string) => ["api", "devices", "dlq"].map((worker) => `${worker}: ${kids}`);

describe("a key is replaced, and every token is good until its holder has another", () => {
  it("1. tokens of the old key are accepted, and no others", async () => {
    expect(await answersTo(old)).toEqual(ACCEPTED);
    expect(await answersTo(next)).toEqual(REFUSED);
    expect((await knownKeys()).sort()).toEqual(known("old"));
  });

  it("2. with both in TOKEN_KEYS, tokens of both are", async () => {
    await deploy(old, next);
    expect((await knownKeys()).sort()).toEqual(known("old,new"));
    expect([await answersTo(old), await answersTo(next)]).toEqual([ACCEPTED, ACCEPTED]);
  });

  it("3. without the old one, its tokens are refused by all three", async () => {
    await deploy(next);
    expect((await knownKeys()).sort()).toEqual(known("new"));
    expect([await answersTo(old), await answersTo(next)]).toEqual([REFUSED, ACCEPTED]);
  });
});
