import { beforeEach, describe, expect, it } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { dealerScope, emptyTables, env, OPS, send } from "./support.ts";

beforeEach(emptyTables);

/** Allows that many calls of each key, like the platform's limiter within a period. */
function limiter(limit: number) {
  const counts = new Map<string, number>();
  return {
    counts,
    limit: async ({ key }: { key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= limit };
    },
  };
}

const ask = (limits: object, { token, address = "203.0.113.1" }: { token: string; address?: string }) =>
  send(
    new Request("https://concord.example/graphql", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${token}`,
        "CF-Connecting-IP": address,
      },
      body: JSON.stringify({ query: "{ __typename }" }),
    }),
    { ...env, ...limits },
  );

describe("requests to /graphql", () => {
  it("of one dealer's token get 429 with a wait beyond its limit, while others are answered", async () => {
    const limits = { REQUESTS: limiter(200) };
    const [own, others] = (await Promise.all(
      ["D-1", "D-2"].map((id) => signToken(dealerScope(id), LOCAL_TOKEN_SECRET, "1h")),
    )) as [string, string];
    const statuses: number[] = [];
    for (let i = 0; i < 300; i++) statuses.push((await ask(limits, { token: own })).status);
    expect(statuses).toEqual([...Array(200).fill(200), ...Array(100).fill(429)]);
    const refused = await ask(limits, { token: own, address: "203.0.113.2" });
    expect(refused.headers.get("Retry-After")).toBe("10");
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: "TOO_MANY_REQUESTS", retryAfterMs: 10_000 } }],
    });
    expect((await ask(limits, { token: others })).status).toBe(200);
  });

  it("without a valid token get 429 beyond a limit per address, while valid tokens of that address are answered", async () => {
    const limits = { FAILED_SIGN_INS: limiter(100) };
    const statuses: number[] = [];
    for (let i = 0; i < 300; i++) statuses.push((await ask(limits, { token: `wrong-${i}` })).status);
    expect(statuses).toEqual([...Array(100).fill(401), ...Array(200).fill(429)]);
    expect((await ask(limits, { token: "wrong", address: "203.0.113.2" })).status).toBe(401);
    expect((await ask(limits, { token: await signToken(OPS, LOCAL_TOKEN_SECRET, "1h") })).status).toBe(200);
  });

  it("of services are limited by address alone", async () => {
    const limits = { REQUESTS: limiter(0), REQUESTS_BY_ADDRESS: limiter(1) };
    const token = await signToken({ role: "service" }, LOCAL_TOKEN_SECRET, "1h");
    expect((await ask(limits, { token })).status).toBe(200);
    expect((await ask(limits, { token })).status).toBe(429);
    expect((await ask(limits, { token, address: "203.0.113.2" })).status).toBe(200);
  });
});
