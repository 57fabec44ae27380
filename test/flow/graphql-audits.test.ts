import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serverAudits } from "graphql-http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../../local/stack.ts";

/** Asked with a token of an issuer whose keys the Worker fetches, so that this way in is real, too. */
let stack: Stack;
let authorization: string;
let fetchesOfKeys = 0;
const issuer = createServer();

beforeAll(async () => {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256" };
  issuer.on("request", (_, response) => {
    fetchesOfKeys++;
    response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  const token = await new SignJWT({ iss: url, aud: "concord-api", sub: "auditor", role: "ops" })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .setExpirationTime("10m")
    .sign(keys.privateKey);
  authorization = `Bearer ${token}`;
  const settings = { issuer: url, audience: "concord-api", jwks: `${url}/jwks` };
  stack = await startStack({ secrets: { TOKEN_ISSUER: JSON.stringify(settings) } });
});
afterAll(async () => {
  await stack.stop();
  issuer.close();
});

const AUDITS = serverAudits({
  url: () => new URL("/graphql", stack.url).href,
  fetchFn: (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), Authorization: authorization } }),
});

describe("GraphQL over HTTP, through the front door", () => {
  it("is audited by all 61 cases of graphql-http", () => {
    expect(AUDITS).toHaveLength(61);
  });

  it.each(AUDITS.map((audit) => [audit.id, audit.name, audit] as const))("%s: %s", async (_, __, audit) => {
    const result = await audit.fn();
    expect([result.status, "reason" in result ? result.reason : undefined]).toEqual(["ok", undefined]);
  });

  it("fetches the keys of a token's issuer once for all of them", () => {
    expect(fetchesOfKeys).toBe(1);
  });
});

it("The API answers its health check through the front door", async () => {
  const response = await fetch(new URL("/graphql/healthz", stack.url));
  expect(await response.json()).toEqual({ status: "ok", worker: "api" });
});
