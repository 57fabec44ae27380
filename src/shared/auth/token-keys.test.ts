import { describe, expect, it } from "vitest";
import * as z from "zod";
import { LOCAL_TOKEN_KEY } from "./local-key.ts";
import { signToken } from "./sign.ts";
import { LOCAL_PUBLIC_KEY, TokenKeys } from "./token-keys.ts";
import { OtherIssuer, tokenVarsSchema } from "./token-settings.ts";
import { verifyToken } from "./verify.ts";

const key = (more: object = {}) => ({
  kty: "OKP",
  crv: "Ed25519",
  x: "A".repeat(43),
  kid: "a",
  may: ["dealer"],
  ...more,
});
const problemsOf = (...keys: object[]): string =>
  TokenKeys.safeParse({ keys })
    .error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`)
    .join("; ") ?? "";

describe("TOKEN_KEYS", () => {
  it("holds several keys, each with what it may sign and for how long: 30 days unless it says otherwise", () => {
    const { keys } = TokenKeys.parse({ keys: [key(), key({ kid: "b", x: "E".repeat(43), maxLife: "366d" })] });
    expect(keys.map(({ kid, maxLife }) => [kid, maxLife])).toEqual([
      ["a", "30d"],
      ["b", "366d"],
    ]);
  });

  it.each<[string, object[], RegExp]>([
    ["no key", [], /at least one key/],
    ["the same kid twice", [key(), key({ x: "E".repeat(43) })], /a kid of its own/],
    ["one key under two kids", [key(), key({ kid: "b" })], /one key twice/],
    ["a private key", [key({ d: "C".repeat(43) })], /^keys\.0\.d is the private half/],
    ["an RSA key", [key({ kty: "RSA" })], /must be "OKP"/],
    ["another curve", [key({ crv: "X25519" })], /must be "Ed25519"/],
    ["a short key", [key({ x: "AAAA" })], /32 bytes/],
    ["a kid that is a path", [key({ kid: "../../etc/passwd" })], /1 to 64 of/],
    ["a very long kid", [key({ kid: "k".repeat(65) })], /1 to 64 of/],
    ["no role", [key({ may: [] })], /at least one role/],
    ["an unknown role", [key({ may: ["root"] })], /must be one of dealer/],
    ["a life without end", [key({ maxLife: "never" })], /from 1m to 366d/],
    ["a life of 367 days", [key({ maxLife: "367d" })], /from 1m to 366d/],
    ["a life of seconds", [key({ maxLife: "59s" })], /from 1m to 366d/],
    ["a member that it does not know", [key({ k: "secret" })], /Unrecognized key/],
    ["too many keys", Array.from({ length: 21 }, (_, i) => key({ kid: `k${i}` })), /at most 20 keys/],
  ])("with %s is refused, and no value is repeated", (_, keys, problem) => {
    expect(problemsOf(...keys)).toMatch(problem);
    expect(problemsOf(...keys)).not.toMatch(/passwd|kkkk|CCCC/);
  });
});

describe("the variables of a Worker", () => {
  type Vars = { ENVIRONMENT: string; TOKEN_KEYS?: string; TOKEN_SECRET?: string; TOKEN_ISSUER?: string };
  const problems = (vars: Vars) =>
    z
      .object(tokenVarsSchema(vars, ["TOKEN_KEYS", "TOKEN_SECRET", "TOKEN_ISSUER"]))
      .safeParse(vars)
      .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  const local = JSON.stringify({ keys: [key({ x: LOCAL_PUBLIC_KEY })] });

  it("have the public half of the local key, whose private half is in the code", () => {
    expect(JSON.parse(LOCAL_TOKEN_KEY).x).toBe(LOCAL_PUBLIC_KEY);
    expect(problems({ ENVIRONMENT: "local", TOKEN_KEYS: local })).toEqual([]);
  });

  it.each(["staging", "production", "prod"])("refuse the local key in %s, under whatever kid", (ENVIRONMENT) => {
    expect(problems({ ENVIRONMENT, TOKEN_KEYS: local })).toEqual([
      expect.stringMatching(/^TOKEN_KEYS: holds the local key.*concord keys new/),
    ]);
  });

  it("refuse the local key in another spelling, which verifies the same tokens", async () => {
    const x = LOCAL_PUBLIC_KEY.replace(/Q$/, "R");
    expect(x).not.toBe(LOCAL_PUBLIC_KEY);
    const respelled = { ...JSON.parse(LOCAL_TOKEN_KEY), x, d: undefined };
    const token = await signToken({ role: "ops" }, LOCAL_TOKEN_KEY, "1m");
    expect(await verifyToken(token, { keys: { keys: [respelled] } })).toMatchObject({ ok: true });
    expect(problems({ ENVIRONMENT: "production", TOKEN_KEYS: JSON.stringify({ keys: [key({ x })] }) })).toEqual([
      "TOKEN_KEYS.keys.0.x: must be 32 bytes in base64url",
    ]);
  });

  it("refuse to let nobody in, and say what to set", () => {
    expect(problems({ ENVIRONMENT: "production" })).toEqual([
      expect.stringMatching(/^TOKEN_KEYS: is missing, and TOKEN_SECRET and TOKEN_ISSUER too.*concord keys new/),
    ]);
    expect(problems({ ENVIRONMENT: "production", TOKEN_ISSUER: "{}" })).toEqual([]);
  });

  it("refuse an issuer that calls itself as Concord does", () => {
    const issuer = { audience: "a", jwks: "https://issuer.example/jwks" };
    expect(OtherIssuer.safeParse({ ...issuer, issuer: "concord" }).success).toBe(false);
    expect(OtherIssuer.safeParse({ ...issuer, issuer: "https://issuer.example" }).success).toBe(true);
  });
});
