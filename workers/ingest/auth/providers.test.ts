import { readFileSync } from "node:fs";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { mayWrite } from "./credentials.ts";
import { verifyJwt } from "./jwt.ts";
import { TokenSettings } from "./token-settings.ts";

type Provider = { readonly name: string; readonly settings: object; readonly tokens: readonly JWTPayload[] };

/** Settings and tokens of each provider, as the guide shows them. */
const PROVIDERS: readonly Provider[] = readFileSync(new URL("../../../docs/oauth.md", import.meta.url), "utf8")
  .split(/^## /m)
  .filter((section) => section.includes("```json settings"))
  .map((section) => {
    const blocks = [...section.matchAll(/^```json (settings|token)\n(.*?)^```$/gms)];
    const of = (kind: string) =>
      blocks.flatMap(([, each, json]) => (each === kind ? [JSON.parse(json as string)] : []));
    return { name: section.split("\n", 1)[0] as string, settings: of("settings")[0], tokens: of("token") };
  });

const ELT = "device.elt.status.reported";
const OTHERS = ["device.ecobee.status.reported", "device.infinity.dealer.setup", "device.eltx.status.reported"];

let key: CryptoKey;
let jwks: object;
beforeAll(async () => {
  const keys = await generateKeyPair("RS256", { extractable: true });
  key = keys.privateKey;
  jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256" }] };
});

/** A token signed as the provider would, in time, and read with settings that have our keys in place of its own. */
async function read(settings: object, { nbf: _, ...claims }: JWTPayload) {
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
  return verifyJwt(token, TokenSettings.parse({ ...settings, jwks }));
}

it("The guide has settings and a token for each provider", () => {
  expect(PROVIDERS.map(({ name }) => name)).toEqual([
    "Okta",
    "Microsoft Entra ID",
    "Auth0",
    "Keycloak",
    "Amazon Cognito",
  ]);
  for (const { settings } of PROVIDERS) expect(TokenSettings.safeParse(settings).error).toBeUndefined();
});

describe.each(PROVIDERS)("a token of $name", ({ settings, tokens }) => {
  it.each(tokens.map((claims, i) => [i + 1, claims] as const))(
    "may write its topics and no others (token %i)",
    async (_, claims) => {
      const who = await read(settings, claims);
      if (!who.ok) throw new Error(who.message);
      expect(who.writer.id).toBe(`jwt:${claims.sub}`);
      expect([ELT, ...OTHERS].filter((topic) => mayWrite(who.writer, topic))).toEqual([ELT]);
    },
  );

  it("may write nothing once its claims say something else", async () => {
    const text = JSON.stringify(tokens[0]);
    const changed = JSON.parse(text.replace(/elt\.write|Devices\.Write|write:elt|elt-writer/g, "read"));
    expect(await read(settings, changed)).toMatchObject({ ok: true, writer: { may: [] } });
  });

  it("is refused when it is for somebody else", async () => {
    const [claims] = tokens;
    expect(await read(settings, { ...claims, iss: `${claims?.iss}x` })).toMatchObject({ ok: false });
    const stranger = claims?.aud === undefined ? { client_id: "somebody-else" } : { aud: "somebody-else" };
    expect(await read(settings, { ...claims, ...stranger })).toMatchObject({ ok: false });
  });
});

it("An ID token, whose audience is its client, is no access token where settings name clients", async () => {
  const { settings, tokens } = PROVIDERS.find(({ name }) => name === "Amazon Cognito") as Provider;
  const { client_id, ...claims } = tokens[0] as JWTPayload;
  expect(await read(settings, { ...claims, aud: String(client_id), token_use: "id" })).toMatchObject({ ok: false });
});

describe("what a token may write", () => {
  const base = { issuer: "https://i.example", audience: "a" };
  const may = async (settings: object, claims: object) => {
    const who = await read({ ...base, ...settings }, { iss: base.issuer, aud: base.audience, sub: "s", ...claims });
    return who.ok ? who.writer.may : who.message;
  };
  const topics = { w: "device.elt.*", both: ["device.elt.*", "device.ecobee.*"], "https://x.example/a.b": "*" };

  it.each<[says: string, settings: object, claims: object, may: string[]]>([
    [
      "is in scope unless another claim is named",
      {},
      { scope: "openid produce:device.elt.*", scp: "produce:*" },
      ["device.elt.*"],
    ],
    ["may be a list in scope", {}, { scope: ["produce:device.elt.*", "x"] }, ["device.elt.*"]],
    ["may be text in scp", { claims: ["scp"], topics }, { scp: " w  x " }, ["device.elt.*"]],
    ["may be a list in scp", { claims: ["scp"] }, { scp: ["produce:*"], scope: "produce:device.elt.*" }, ["*"]],
    ["may be several topics for one value", { topics }, { scope: "both" }, ["device.elt.*", "device.ecobee.*"]],
    [
      "adds up over claims",
      { claims: ["roles", "permissions"], topics },
      { roles: ["w"], permissions: ["produce:*"] },
      ["device.elt.*", "*"],
    ],
    [
      "may be in a claim that is named by a URL",
      { claims: ["https://x.example/a.b"], topics },
      { "https://x.example/a.b": ["w"] },
      ["device.elt.*"],
    ],
    ["may be within a claim", { claims: ["a.b"], topics }, { a: { b: "w" } }, ["device.elt.*"]],
    ["is nothing where the claim is missing", { claims: ["a.b.c"], topics }, { a: { b: "w" } }, []],
    ["is nothing where the claim is no text", { claims: ["a"], topics }, { a: [1, null, { w: "w" }, ["w"]] }, []],
    [
      "is nothing by names that every object has",
      { claims: ["constructor.name", "scope"], topics },
      { scope: "toString __proto__" },
      [],
    ],
  ])("%s", async (_, settings, claims, expected) => {
    expect(await may(settings, claims)).toEqual(expected);
  });

  it.each<[path: string, settings: object]>([
    ["topics.w", { topics: { w: "elt" } }],
    ["topics.w", { topics: { w: [] } }],
    ["topics.w.1", { topics: { w: ["device.elt.*", "device.*.*"] } }],
    ["claims", { claims: [] }],
    ["claims", { claims: "scope" }],
    ["clients", { clients: [] }],
    ["audience", { audience: undefined }],
    ["", { claim: "scp" }],
  ])("is not read from settings with a fault at %s: %j", (path, settings) => {
    const { error } = TokenSettings.safeParse({ ...base, jwks: "https://i.example/keys", ...settings });
    expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});
