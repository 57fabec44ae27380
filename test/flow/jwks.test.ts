import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, it } from "vitest";
import { startStack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";

const TOPIC = "device.elt.status.reported";

it("The boundary accepts JWTs of an issuer whose keys it fetches once, and none that the issuer did not sign", async () => {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const strangers = await generateKeyPair("RS256", { extractable: true });
  let fetches = 0;
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256" };
  const issuer = createServer((_, response) => {
    fetches++;
    response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  const settings = { issuer: url, audience: "concord-ingest", jwks: `${url}/jwks` };
  const stack = await startStack({ secrets: { INGEST_TOKENS: JSON.stringify(settings) } });
  const post = async (privateKey: CryptoKey) => {
    const token = await new SignJWT({ iss: url, aud: settings.audience, sub: "bridge", scope: "produce:device.elt.*" })
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .setExpirationTime("5m")
      .sign(privateKey);
    const response = await fetch(new URL(`/topics/${TOPIC}`, stack.url), {
      method: "POST",
      headers: { "Content-Type": "application/vnd.kafka.json.v2+json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({ records: [{ value: eventValue({ topic: TOPIC }) }] }),
    });
    return response.status;
  };
  try {
    expect([await post(keys.privateKey), await post(keys.privateKey), await post(strangers.privateKey)]).toEqual([
      200, 200, 401,
    ]);
    expect(fetches).toBe(1);
  } finally {
    await stack.stop();
    issuer.close();
  }
});
