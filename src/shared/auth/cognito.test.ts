import { readFileSync } from "node:fs";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { expect, it } from "vitest";
import { TokenIssuer } from "./issuer.ts";
import { authenticate } from "./token.ts";

const text = readFileSync(new URL("../../../docs/from-appsync.md", import.meta.url), "utf8");
const blockOf = (name: string) =>
  JSON.parse(new RegExp(`^\`\`\`json ${name}\n(.*?)^\`\`\``, "ms").exec(text)?.[1] ?? "");

it("reads the ID token of Cognito that docs/from-appsync.md shows, with the issuer that it sets, as a dealer", async () => {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256" };
  const issuer = TokenIssuer.parse({ ...blockOf("issuer"), jwks: { keys: [jwk] } });
  const claims = blockOf("token");
  const read = async (changed: object) => {
    const token = await new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) + 300, ...changed })
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .sign(keys.privateKey);
    return authenticate(`Bearer ${token}`, { issuer });
  };
  expect(await read({})).toMatchObject({ ok: true, scope: { role: "dealer", dealerIds: ["D-21"] } });
  // As the document says: an access token has no audience, and groups say nothing.
  expect(await read({ aud: undefined, token_use: "access" })).toMatchObject({ ok: false });
  expect(await read({ role: undefined, dealerIds: undefined })).toMatchObject({ ok: false });
});
