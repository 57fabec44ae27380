import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Webhook } from "standardwebhooks";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "#base/digest.ts";
import { eventValue } from "../../support/records.ts";
import { Boundary, basic, ECOBEE, ELT, type Post } from "./harness.ts";

let boundary: Boundary;
beforeEach(() => {
  boundary = new Boundary();
});

describe("credentials", () => {
  let vars: Post["vars"];
  beforeAll(async () => {
    vars = {
      INGEST_CREDENTIALS: JSON.stringify([
        { id: "elt-bridge", hash: await sha256Hex("elt-bridge:old"), may: ["device.elt.*"] },
        { id: "elt-bridge", hash: await sha256Hex("elt-bridge:new"), may: ["device.elt.*"] },
        { id: "one-topic", hash: await sha256Hex("one-topic:s"), may: [ECOBEE] },
      ]),
    };
  });

  it.each([
    ["the old secret while it is rotated", 200, basic("elt-bridge:old")],
    ["the new secret", 200, basic("elt-bridge:new")],
    ["a secret of somebody else", 401, basic("elt-bridge:s")],
    ["another id with a good secret", 401, basic("one-topic:new")],
    ["Bearer with id and secret", 200, "Bearer elt-bridge.new"],
    ["Bearer with a wrong secret", 401, "Bearer elt-bridge.x"],
    ["a scheme we do not know", 401, "Digest elt-bridge"],
    ["the local credential, which is not in this list", 401, basic("dev:dev")],
    ["a JWT where none are set up", 401, `Bearer ${["e30", "e30", "x"].join(".")}`],
    ["an empty header", 401, " "],
  ])("%s is answered with %i", async (_, status, authorization) => {
    expect((await boundary.produce({ vars, authorization })).status).toBe(status);
  });

  it("refuses a topic that the credential does not grant, and stores nothing", async () => {
    const response = await boundary.produce({ topic: ECOBEE, vars, authorization: basic("elt-bridge:new") });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      error_code: 40301,
      message: expect.stringContaining("may not write"),
    });
    expect([boundary.records, boundary.letters]).toEqual([[], []]);
  });

  it.each([
    ["v2", `/topics/${ECOBEE}`, "application/vnd.kafka.json.v2+json"],
    ["v3", `/v3/clusters/concord/topics/${ECOBEE}/records`, "application/json"],
    ["v3 in batches", `/v3/clusters/concord/topics/${ECOBEE}/records:batch`, "application/json"],
    ["sinks", `/ingest/${ECOBEE}`, "application/json"],
  ])("refuses %s before any of the body is read", async (_, path, type) => {
    const authorization = basic("elt-bridge:new");
    // Text that would be refused with 400 or 413 if anybody looked.
    const response = await boundary.post({ path, type, body: "[".repeat(5_000_000), authorization, vars });
    expect(response.status).toBe(403);
  });

  it("lets a credential of one topic write that topic and no other", async () => {
    expect((await boundary.produce({ topic: ECOBEE, vars, authorization: basic("one-topic:s") })).status).toBe(200);
    const other = await boundary.post({
      path: "/ingest/device.ecobee.status.reported",
      type: "application/json",
      body: "{}",
      authorization: basic("one-topic:s"),
      vars,
    });
    expect(other.status).toBe(403);
  });

  it.each([
    ["is not JSON", "dev:dev"],
    ["is empty", "[]"],
    ["holds a secret in place of a hash", '[{"id":"a","hash":"secret","may":["*"]}]'],
    ["grants something that is no topic", `[{"id":"a","hash":"${"0".repeat(64)}","may":["elt"]}]`],
  ])("answers 503 and names the variable if the secret %s", async (_, secret) => {
    const response = await boundary.produce({ vars: { INGEST_CREDENTIALS: secret } });
    expect(response.status).toBe(503);
    const { message } = (await response.json()) as { message: string };
    expect(message).toContain("INGEST_CREDENTIALS");
    expect(message).not.toContain("secret,");
  });

  it("answers 503 with the local credentials outside the local environment", async () => {
    expect((await boundary.produce({ vars: { ENVIRONMENT: "staging" } })).status).toBe(503);
  });
});

describe("JWTs of an OAuth 2 issuer", () => {
  const issuer = "https://issuer.example";
  const audience = "concord-ingest";
  let privateKey: CryptoKey;
  let vars: Post["vars"];
  beforeAll(async () => {
    const keys = await generateKeyPair("ES256", { extractable: true });
    privateKey = keys.privateKey;
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "ES256" };
    vars = { INGEST_TOKENS: JSON.stringify({ issuer, audience, jwks: { keys: [jwk] } }) };
  });

  const sign = (claims: Record<string, unknown>, expires = "5m") =>
    new SignJWT({ iss: issuer, aud: audience, sub: "bridge", scope: "produce:device.elt.*", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setExpirationTime(expires)
      .sign(privateKey);

  it.each<[string, Record<string, unknown>, number]>([
    ["of ours", {}, 200],
    ["with the scope for every topic", { scope: "openid produce:*" }, 200],
    ["with another source's scope", { scope: "produce:device.ecobee.*" }, 403],
    ["without a scope", { scope: undefined }, 403],
    ["for another audience", { aud: "someone-else" }, 401],
    ["from another issuer", { iss: "https://evil.example" }, 401],
  ])("a token %s", async (_, claims, status) => {
    expect((await boundary.produce({ vars, authorization: `Bearer ${await sign(claims)}` })).status).toBe(status);
  });

  const withSettings = (settings: object): Post["vars"] => ({
    INGEST_TOKENS: JSON.stringify({ ...JSON.parse(vars?.INGEST_TOKENS ?? ""), ...settings }),
  });

  it("may say in another claim, and in other words, what its bearer may write", async () => {
    const own = withSettings({ claims: ["roles"], topics: { "Devices.Write": "device.elt.*" } });
    const authorization = `Bearer ${await sign({ scope: undefined, roles: ["Devices.Write"] })}`;
    expect((await boundary.produce({ vars: own, authorization })).status).toBe(200);
    expect((await boundary.produce({ vars: own, authorization, topic: ECOBEE })).status).toBe(403);
  });

  it("is answered 503 where the settings of tokens are bad, by the name of what is wrong", async () => {
    const response = await boundary.produce({ vars: withSettings({ topics: { "Devices.Write": "elt" } }) });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("INGEST_TOKENS.topics.Devices.Write: must be a topic");
  });

  it("is refused with the reason if it has expired", async () => {
    const response = await boundary.produce({ vars, authorization: `Bearer ${await sign({}, "-1m")}` });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error_code: 40101, message: expect.stringContaining("expired") });
  });

  it("are refused without a signature, or signed with the public key as an HMAC secret", async () => {
    const none = `${btoa('{"alg":"none"}')}.${btoa("{}")}.`.replaceAll("=", "");
    expect((await boundary.produce({ vars, authorization: `Bearer ${none}` })).status).toBe(401);
    const hmac = await new SignJWT({ iss: issuer, aud: audience, sub: "x", scope: "produce:*" })
      .setProtectedHeader({ alg: "HS256", kid: "k1" })
      .setExpirationTime("5m")
      .sign(new TextEncoder().encode(String(vars?.INGEST_TOKENS)));
    expect((await boundary.produce({ vars, authorization: `Bearer ${hmac}` })).status).toBe(401);
  });
});

describe("a client that has to sign", () => {
  const signedWith = `whsec_${btoa("a secret of enough bytes for this")}`;
  let vars: Post["vars"];
  beforeAll(async () => {
    const entry = { id: "signer", hash: await sha256Hex("signer:s"), may: ["*"], signedWith };
    vars = { INGEST_CREDENTIALS: JSON.stringify([entry]) };
  });

  const signed = (text: string, ageSeconds = 0) => {
    const timestamp = new Date(Date.now() - ageSeconds * 1000);
    return {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(timestamp.getTime() / 1000)),
      "webhook-signature": `v1,AAAA ${new Webhook(signedWith).sign("msg_1", timestamp, text)}`,
    };
  };
  const send = (text: string, headers: Record<string, string>) =>
    boundary.post({
      path: `/ingest/${ELT}`,
      type: "application/x-ndjson",
      body: text,
      authorization: basic("signer:s"),
      headers,
      vars,
    });

  it("is accepted with one valid signature among several, for lines of JSON too", async () => {
    const text = `${JSON.stringify(eventValue({ topic: ELT }))}\n${JSON.stringify(eventValue({ topic: ELT }))}`;
    expect(await (await send(text, signed(text))).json()).toMatchObject({ accepted: 2 });
  });

  it("is refused without a signature, with one over other bytes, and with an old one", async () => {
    const text = JSON.stringify(eventValue({ topic: ELT }));
    expect((await send(text, {})).status).toBe(401);
    expect((await send(text, signed(`${text} `))).status).toBe(401);
    expect((await send(text, signed(text, 600))).status).toBe(401);
    expect(boundary.records).toEqual([]);
  });
});

describe("wrong credentials", () => {
  it("get 429 with Retry-After beyond a limit for each address, while valid ones are still accepted", async () => {
    const counts = new Map<string, number>();
    const limit = async ({ key }: { key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= 100 };
    };
    const vars = { FAILED_SIGN_INS: { limit } };
    const statuses: number[] = [];
    for (let i = 0; i < 300; i++) {
      statuses.push((await boundary.produce({ vars, authorization: basic(`dev:wrong-${i}`) })).status);
    }
    expect(statuses).toEqual([...Array(100).fill(401), ...Array(200).fill(429)]);
    const refused = await boundary.produce({ vars, authorization: basic("dev:wrong") });
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect(await refused.json()).toMatchObject({ error_code: 42901, message: expect.stringContaining("try again in") });
    expect((await boundary.produce({ vars })).status).toBe(200);
    expect([...counts.keys()]).toEqual(["local"]);
  });
});
