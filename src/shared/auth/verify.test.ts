import { generateKeyPairSync } from "node:crypto";
import * as fc from "fast-check";
import { importJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { lifeSeconds } from "./life.ts";
import { signClaims, signToken } from "./sign.ts";
import { authenticate } from "./token.ts";
import { TokenKeys } from "./token-keys.ts";
import { CLOCK_SKEW_S, type RefusalReason, type TokenTrust, verifyToken } from "./verify.ts";

const SECRET = "only-for-this-test-and-long-enough";

function newKey(kid: string, may: readonly string[] = ["dealer", "service"], maxLife = "30d") {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const { d, ...entry } = { ...jwk, kid, may, maxLife };
  return { entry, text: JSON.stringify({ ...entry, d }) };
}

const dealers = newKey("dealers-1");
const ops = newKey("ops-1", ["ops", "admin"], "12h");
const keys = TokenKeys.parse({ keys: [dealers.entry, ops.entry] });
const trust: TokenTrust = { keys };

const nowS = Math.floor(Date.now() / 1_000);
const CLAIMS: JWTPayload = { iss: "concord", role: "service", jti: "t-1", iat: nowS, exp: nowS + 300 };

/** A token as no library of ours would sign it. */
async function signed(changed: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}, by = dealers.text) {
  const { kty, crv, x, d } = JSON.parse(by);
  return new SignJWT({ ...CLAIMS, ...changed })
    .setProtectedHeader({ alg: "EdDSA", kid: "dealers-1", ...header })
    .sign(await importJWK({ kty, crv, x, d }, "EdDSA"));
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const hmac = (secret: string, header: object, claims: object = CLAIMS) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: "HS256", ...header }).sign(new TextEncoder().encode(secret));

const reasonOf = async (token: string, its: TokenTrust = trust): Promise<RefusalReason | "ok"> => {
  const verified = await verifyToken(token, its);
  return verified.ok ? "ok" : verified.reason;
};

it("a token of a key is what its key may sign, and names itself", async () => {
  const token = await signToken({ role: "dealer", dealerIds: ["D-7"] }, dealers.text, "12h");
  expect(await authenticate(`Bearer ${token}`, trust)).toMatchObject({
    ok: true,
    scope: { role: "dealer", dealerIds: ["D-7"] },
    token: {
      kid: "dealers-1",
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sub: null,
      issuedAtS: expect.any(Number),
    },
  });
});

describe("confusing algorithms", () => {
  it.each<[string, () => Promise<string>, TokenTrust]>([
    ["the public key as an HMAC secret, under its kid", () => hmac(dealers.entry.x ?? "", { kid: "dealers-1" }), trust],
    ["the public key's JSON as an HMAC secret", () => hmac(JSON.stringify(keys), {}), trust],
    ["a secret where there are keys only", () => hmac(SECRET, {}), trust],
    ["the secret, under a kid", () => hmac(SECRET, { kid: "dealers-1" }), { ...trust, secret: SECRET }],
    ["a key where there is a secret only", () => signed(), { secret: SECRET }],
    ["no algorithm", async () => `${part({ alg: "none", kid: "dealers-1" })}.${part(CLAIMS)}.`, trust],
    ["NONE", async () => `${part({ alg: "NONE", kid: "dealers-1" })}.${part(CLAIMS)}.c2ln`, trust],
    [
      "another name of the curve",
      async () => `${part({ alg: "ES256", kid: "dealers-1" })}.${part(CLAIMS)}.c2ln`,
      trust,
    ],
    ["a signature of none", async () => `${part({ alg: "EdDSA", kid: "dealers-1" })}.${part(CLAIMS)}.`, trust],
    ["a key in the header", async () => signed({}, { jwk: JSON.parse(ops.text) } as never, ops.text), trust],
    [
      "an extension that must be understood",
      () => signed({}, { crit: ["x"], x: 1 } as never).catch(() => "a.b.c"),
      trust,
    ],
  ])("by %s is refused", async (_, token, its) => {
    expect(await reasonOf(await token(), its)).not.toBe("ok");
  });

  it("is no way to try one key after the other: the kid alone decides", async () => {
    expect(await reasonOf(await signed({ role: "ops" }, { kid: "ops-1" }))).toBe("signature");
    expect(await reasonOf(await signed({}, { kid: "dealers-1" }, ops.text))).toBe("signature");
  });
});

describe("a kid", () => {
  it.each([
    undefined,
    "",
    "dealers-2",
    "DEALERS-1",
    "dealers-1 ",
    "../dealers-1",
    "../../../dev/null",
    "dealers-1\u0000",
    "__proto__",
    "constructor",
    "k".repeat(10_000),
    "' OR 1=1 --",
    ["dealers-1"] as never,
    { toString: "dealers-1" } as never,
  ])("%j is no key of ours", async (kid) => {
    const token = `${part({ alg: "EdDSA", ...(kid !== undefined && { kid }) })}.${part(CLAIMS)}.${"A".repeat(86)}`;
    const verified = await verifyToken(token, trust);
    expect(verified).toMatchObject({ ok: false, status: 401, reason: expect.stringMatching(/unknown_key|malformed/) });
  });

  it("is named in a refusal only if it can be a kid, and so is a token's id", async () => {
    const refusal = async (kid: string, jti: string) =>
      verifyToken(`${part({ alg: "EdDSA", kid })}.${part({ ...CLAIMS, jti })}.c2ln`, trust);
    expect(await refusal("dealers-9", "t-1")).toMatchObject({ kid: "dealers-9", jti: "t-1" });
    expect(await refusal("a\nb", "line\nbreak")).toMatchObject({ kid: null, jti: null });
  });
});

describe("what a signature does not say", () => {
  it.each<[string, JWTPayload, RefusalReason | "ok"]>([
    ["a role that its key may not sign", { role: "admin" }, "role"],
    ["a role that nobody may sign", { role: "root" }, "role"],
    ["no role", { role: undefined }, "role"],
    ["no id", { jti: undefined }, "incomplete"],
    ["an empty id", { jti: "" }, "incomplete"],
    ["no time of issue", { iat: undefined }, "incomplete"],
    ["a time of issue that is text", { iat: "now" as never }, "incomplete"],
    ["no end", { exp: undefined }, "incomplete"],
    ["an end that is past", { iat: nowS - 60, exp: nowS - 1 }, "expired"],
    ["a beginning that is to come", { nbf: nowS + 600 }, "not_yet"],
    ["another issuer", { iss: "someone" }, "not_accepted"],
    ["a clock within the skew", { iat: nowS + CLOCK_SKEW_S - 5 }, "ok"],
    ["a clock beyond the skew", { iat: nowS + CLOCK_SKEW_S + 60 }, "not_yet"],
    ["exactly the longest life", { exp: nowS + 30 * 86_400 }, "ok"],
    ["a second more than the longest life", { exp: nowS + 30 * 86_400 + 1 }, "too_long"],
    ["an end beyond all numbers", { exp: Number.MAX_VALUE }, "too_long"],
  ])("%s makes it %j: %s", async (_, changed, expected) => {
    expect(await reasonOf(await signed(changed))).toBe(expected);
  });

  it("is told in a message that fits the reason for closing a socket", async () => {
    const tokens = [
      "nonsense",
      "x".repeat(70_000),
      await signed({ role: "admin" }),
      await signed({ jti: undefined }),
      await signed({ exp: nowS - 1 }),
      await signed({ iat: nowS + 600, exp: nowS + 700 }),
      await signed({ exp: nowS + 1e9 }),
      await signed({}, { kid: "other" }),
      await hmac(SECRET, {}),
      `${await signed()}x`,
    ];
    for (const token of tokens) {
      const refusal = await authenticate(`Bearer ${token}`, trust);
      if (refusal.ok) throw new Error("accepted");
      expect(`Forbidden: ${refusal.message}`.length, refusal.message).toBeLessThanOrEqual(123);
    }
  });
});

it("whatever a client sends as a token is refused, and nothing is thrown", async () => {
  const header = fc.record(
    {
      alg: fc.oneof(fc.constantFrom("EdDSA", "HS256", "none", "RS256", "ES256"), fc.jsonValue()),
      kid: fc.oneof(fc.constantFrom("dealers-1", "ops-1", "../dealers-1"), fc.jsonValue()),
      crit: fc.jsonValue(),
      jwk: fc.jsonValue(),
      b64: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const claims = fc.record(
    {
      iss: fc.oneof(fc.constant("concord"), fc.jsonValue()),
      role: fc.oneof(fc.constantFrom("dealer", "admin"), fc.jsonValue()),
      ...{ exp: fc.jsonValue(), iat: fc.jsonValue(), jti: fc.jsonValue(), sub: fc.jsonValue(), nbf: fc.jsonValue() },
    },
    { requiredKeys: [] },
  );
  const made = fc.tuple(header, claims, fc.base64String()).map(([h, c, sig]) => `${part(h)}.${part(c)}.${sig}`);
  const all = { ...trust, secret: SECRET };
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), made), async (token) => {
      expect(await verifyToken(token, all)).toMatchObject({ ok: false, status: 401 });
    }),
  );
});

describe("rotation", () => {
  const next = newKey("dealers-2");
  const ask = async (text: string, ...known: object[]) =>
    reasonOf(await signToken({ role: "service" }, text, "1h"), { keys: TokenKeys.parse({ keys: known }) });

  it("overlaps: while both are known, tokens of both are good; then only the new one's", async () => {
    expect(await ask(dealers.text, dealers.entry, next.entry)).toBe("ok");
    expect(await ask(next.text, dealers.entry, next.entry)).toBe("ok");
    expect(await ask(dealers.text, next.entry)).toBe("unknown_key");
    expect(await ask(next.text, dealers.entry)).toBe("unknown_key");
  });
});

it("a revoked token is refused after its signature was checked, and its name is what is asked for", async () => {
  const asked: unknown[] = [];
  const isRevoked = async (token: object) => asked.push(token) > 0;
  expect(await reasonOf(`${await signed()}x`, { keys, isRevoked })).toBe("signature");
  expect(asked).toEqual([]);
  expect(await reasonOf(await signed({ sub: "ann" }), { keys, isRevoked })).toBe("revoked");
  expect(asked).toEqual([{ kid: "dealers-1", jti: "t-1", sub: "ann", issuedAtS: nowS }]);
});

it("a Worker that trusts nothing says so, and accepts nothing", async () => {
  await expect(verifyToken(await signed(), {})).rejects.toThrow(/secret .* missing/);
});

describe("a key refuses to sign", () => {
  it.each<[object, string, RegExp]>([
    [{ role: "admin" }, "1h", /dealers-1 may not sign the role admin, only dealer, service/],
    [{ role: "service" }, "31d", /dealers-1 signs tokens for 30d at most, not for 31d/],
    [{ role: "service" }, "soon", /no span of time/],
  ])("%j for %s", async (claims, life, message) => {
    await expect(signClaims({ ...claims }, dealers.text, life)).rejects.toThrow(message);
  });

  it.each(['{"kty":"OKP"}', "{", JSON.stringify(dealers.entry)])(
    "with what is no private key, without repeating it: %s",
    async (text) => {
      await expect(signClaims({ role: "service" }, text, "1h")).rejects.toThrow(/no private key of `concord keys new`/);
    },
  );
});

it.each([
  ["30m", 1_800],
  ["12h", 43_200],
  ["30 days", 2_592_000],
  ["2w", 1_209_600],
  ["-5m", -300],
  ["1 fortnight", undefined],
  ["", undefined],
  ["1e9d", undefined],
])("a life of %j is %j seconds", (text, seconds) => {
  expect(lifeSeconds(text)).toBe(seconds);
});
