import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { emptyTables, post, seedDevices, watchStatements } from "./support.ts";

const issuer = "https://issuer.example";
const audience = "concord-api";
const OPS_CLAIMS = { sub: "user-1", role: "ops" };
const DEALER_CLAIMS = { sub: "user-2", role: "dealer", dealerIds: ["D-A"] };

let keys: CryptoKeyPair;
let publicPem: string;
let tokenIssuer: object;

beforeAll(async () => {
  keys = await generateKeyPair("ES256", { extractable: true });
  publicPem = await exportSPKI(keys.publicKey);
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "ES256" };
  tokenIssuer = { issuer, audience, jwks: { keys: [jwk] } };
});

beforeEach(async () => {
  await emptyTables();
  await seedDevices({ key: "elt:a", dealers: [[1, "D-A"]] }, { key: "elt:b", dealers: [[1, "D-B"]] });
});

type Signing = {
  readonly claims?: JWTPayload;
  readonly expires?: string;
  readonly kid?: string;
  readonly key?: CryptoKey;
};

const issued = ({ claims = OPS_CLAIMS, expires = "5m", kid = "k1", key = keys.privateKey }: Signing = {}) =>
  new SignJWT({ iss: issuer, aud: audience, ...claims })
    .setProtectedHeader({ alg: "ES256", kid })
    .setExpirationTime(expires)
    .sign(key);

const hmac = (secret: string | Uint8Array, claims: JWTPayload = { iss: issuer, aud: audience, ...OPS_CLAIMS }) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", kid: "k1" })
    .setExpirationTime("5m")
    .sign(typeof secret === "string" ? new TextEncoder().encode(secret) : secret);

/** The answer to the token, and how often D1 was called for it. */
async function devicesFor(token: string, vars: object = { TOKEN_ISSUER: JSON.stringify(tokenIssuer) }) {
  const watched = watchStatements();
  const its = { ...watched.env, ...vars };
  const query = "{ devices { edges { node { key } } } }";
  const response = await post({ query }, { Authorization: `Bearer ${token}` }, its);
  // biome-ignore lint/suspicious/noExplicitAny: the schema has checked it, and a test says what it expects
  const { data, errors } = (await response.json()) as any;
  return {
    status: response.status,
    // biome-ignore lint/suspicious/noExplicitAny: as above
    keys: data?.devices.edges.map(({ node }: any) => node.key),
    code: errors?.[0].extensions.code,
    message: errors?.[0].message,
    statements: watched.statements.length,
  };
}

const EVERYTHING = { status: 200, keys: ["elt:a", "elt:b"] };
const REFUSED = { status: 401, code: "UNAUTHENTICATED", statements: 0 };

describe("a token of an OAuth 2 issuer", () => {
  it.each(["ops", "service"])("of role %s sees everything", async (role) => {
    expect(await devicesFor(await issued({ claims: { ...OPS_CLAIMS, role } }))).toMatchObject(EVERYTHING);
  });

  it("of role dealer sees the data of its dealers", async () => {
    const { keys } = await devicesFor(await issued({ claims: DEALER_CLAIMS }));
    expect(keys).toEqual(["elt:a"]);
  });

  it("for several audiences is accepted if ours is among them", async () => {
    const claims = { ...OPS_CLAIMS, aud: ["other", audience] };
    expect(await devicesFor(await issued({ claims }))).toMatchObject(EVERYTHING);
  });

  it.each<[string, () => Promise<string>]>([
    ["expired", () => issued({ expires: "-1m" })],
    ["is for another audience", () => issued({ claims: { ...OPS_CLAIMS, aud: "concord-ingest" } })],
    ["is of another issuer", () => issued({ claims: { ...OPS_CLAIMS, iss: "https://evil.example" } })],
    ["is not valid yet", () => issued({ claims: { ...OPS_CLAIMS, nbf: Math.floor(Date.now() / 1000) + 600 } })],
    [
      "never expires",
      () =>
        new SignJWT({ iss: issuer, aud: audience, ...OPS_CLAIMS })
          .setProtectedHeader({ alg: "ES256", kid: "k1" })
          .sign(keys.privateKey),
    ],
    ["names no subject", () => issued({ claims: { role: "ops" } })],
    ["names a key that the issuer does not have", () => issued({ kid: "k2" })],
    [
      "is signed by a stranger under the issuer's key id",
      async () => issued({ key: (await generateKeyPair("ES256")).privateKey }),
    ],
    [
      "has the algorithm none",
      async () => `${part({ alg: "none" })}.${part({ iss: issuer, aud: audience, exp: 4e9, ...OPS_CLAIMS })}.`,
    ],
    [
      "has the algorithm None, in another case",
      async () => `${part({ alg: "None" })}.${part({ iss: issuer, aud: audience, exp: 4e9, ...OPS_CLAIMS })}.`,
    ],
    ["is signed with the public key as a secret", () => hmac(publicPem)],
    [
      "is signed with the public key as a secret, as a token of Concord's own",
      () => hmac(publicPem, { iss: "concord", ...OPS_CLAIMS }),
    ],
    [
      "is signed with the public key's JSON as a secret",
      () => hmac(JSON.stringify(tokenIssuer), { iss: "concord", ...OPS_CLAIMS }),
    ],
    ["is signed with our secret, in the issuer's name", () => hmac(LOCAL_TOKEN_SECRET)],
    [
      "was changed after it was signed",
      async () =>
        (await issued({ claims: DEALER_CLAIMS })).replace(
          /\.[^.]+\./,
          `.${part({ iss: issuer, aud: audience, exp: 4e9, ...OPS_CLAIMS })}.`,
        ),
    ],
    ["has no role", () => issued({ claims: { sub: "user-1" } })],
    ["has a role that is none of ours", () => issued({ claims: { sub: "user-1", role: "admin" } })],
    ["is a dealer's without its dealers", () => issued({ claims: { sub: "user-1", role: "dealer" } })],
    [
      "is a dealer's with an empty list of dealers",
      () => issued({ claims: { sub: "user-1", role: "dealer", dealerIds: [] } }),
    ],
    [
      "is a dealer's whose dealers are no list",
      () => issued({ claims: { sub: "user-1", role: "dealer", dealerIds: "D-A" } }),
    ],
    ["has a header that is not JSON", async () => "x.y.z"],
    ["has five parts", async () => "a.b.c.d.e"],
  ])("that %s is refused before D1 is touched", async (_, token) => {
    expect(await devicesFor(await token())).toMatchObject(REFUSED);
  });

  it("that has expired is refused with a message that says so", async () => {
    expect((await devicesFor(await issued({ expires: "-1m" }))).message).toContain("expired");
  });

  it("is refused if no issuer is configured", async () => {
    expect(await devicesFor(await issued(), {})).toMatchObject(REFUSED);
  });

  it("that cannot be verified because the issuer does not answer gets 503 and a time to retry", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    for (const answer of [
      new Response("down", { status: 500 }),
      new Response("<html>"),
      Response.json({ keys: 7 }),
      null,
    ]) {
      const fetched = vi.spyOn(globalThis, "fetch");
      if (answer) fetched.mockResolvedValueOnce(answer);
      else fetched.mockRejectedValueOnce(new TypeError("connection lost"));
      const TOKEN_ISSUER = JSON.stringify({ issuer, audience, jwks: `https://issuer.example/${crypto.randomUUID()}` });
      expect(await devicesFor(await issued(), { TOKEN_ISSUER })).toMatchObject({
        status: 503,
        code: "UPSTREAM_UNAVAILABLE",
        statements: 0,
      });
      fetched.mockRestore();
    }
  });
});

const part = (claims: object): string =>
  btoa(JSON.stringify(claims)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

describe("a token that Concord has signed", () => {
  it("is accepted beside those of an issuer", async () => {
    expect(await devicesFor(await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "5m"))).toMatchObject(EVERYTHING);
  });

  it("is refused if it has expired or was signed with another secret", async () => {
    expect(await devicesFor(await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "-5m"))).toMatchObject(REFUSED);
    expect(await devicesFor(await signToken({ role: "ops" }, "another secret", "5m"))).toMatchObject(REFUSED);
  });
});

describe("the setting TOKEN_ISSUER", () => {
  it.each([
    ["no JSON", "{"],
    ["no audience", JSON.stringify({ issuer, jwks: "https://issuer.example/jwks" })],
    ["keys that are no address", JSON.stringify({ issuer, audience, jwks: "ftp://issuer.example" })],
    ["no keys", JSON.stringify({ issuer, audience, jwks: { keys: [] } })],
    ["an unknown member", JSON.stringify({ issuer, audience, jwks: "https://issuer.example", algorithms: ["HS256"] })],
  ])("keeps the Worker from serving when it has %s", async (_, TOKEN_ISSUER) => {
    const refused = await devicesFor(await signToken({ role: "ops" }, LOCAL_TOKEN_SECRET, "5m"), { TOKEN_ISSUER });
    expect(refused).toMatchObject({
      status: 503,
      code: "MISCONFIGURED",
      message: expect.stringContaining("TOKEN_ISSUER"),
    });
  });
});
