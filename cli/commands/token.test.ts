import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { newTokenKey } from "#auth/new-key.ts";
import { concord } from "../../test/support/fake-terminal.ts";

describe("concord token", () => {
  it.each([
    [["--role", "ops"], { role: "ops" }],
    [
      ["--role", "dealer", "--dealer", "D-7,D-8", "--dealer", "D-9"],
      { role: "dealer", dealerIds: ["D-7", "D-8", "D-9"] },
    ],
    [["--role", "viewer", "--as", "ann@example.com"], { role: "viewer", sub: "ann@example.com" }],
    [["--role", "service", "--as", "portal"], { role: "service", sub: "portal" }],
    [["--role", "scraper"], { role: "scraper" }],
  ])("%j prints a token with %j", async (args, claims) => {
    const { code, out, err } = await concord(["token", ...args, "--expires", "1h"]);
    expect([code, err]).toEqual([0, ""]);
    const { exp = 0, iat = 0, ...given } = decodeJwt(out);
    expect(given).toMatchObject(claims);
    expect(exp - iat).toBe(3_600);
  });

  it.each([
    [[], /^--role has to be ops, service, dealer, viewer, operator, admin or scraper/],
    [["--role", "ops", "--dealer", "D-7"], /--dealer goes with --role dealer/],
    [["--role", "dealer"], /needs at least one dealer/],
    [["--role", "admin"], /--role admin needs a name/],
    [["--role", "ops", "--expires", "soon"], /--expires has to be a span of time/],
  ])("%j ends with 2 and prints no token", async (args, message) => {
    expect(await concord(["token", ...args])).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
  });

  it("signs with the key of local development where nothing else is set, with an id of its own each time", async () => {
    const tokens = await Promise.all([concord(["token", "--role", "ops"]), concord(["token", "--role", "ops"])]);
    for (const { out } of tokens) {
      expect(decodeProtectedHeader(out)).toEqual({ alg: "EdDSA", kid: "local" });
    }
    const [a, b] = tokens.map(({ out }) => decodeJwt(out).jti);
    expect(a).not.toBe(b);
  });

  it.each([
    [["--role", "admin", "--as", "ann"], /the key k may not sign the role admin, only dealer, service/],
    [["--role", "service", "--expires", "31d"], /the key k signs tokens for 30d at most, not for 31d/],
  ])("%j is refused before a Worker does", async (args, message) => {
    const { signingKey } = await newTokenKey({ may: ["dealer", "service"], kid: "k" });
    const ended = await concord(["token", ...args], { env: { CONCORD_TOKEN_KEY: signingKey } });
    expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
  });

  it.each(["/nowhere/key.jwk", '{"kty":"OKP"}', "{"])("does not repeat a key that is none: %j", async (key) => {
    const { signingKey } = await newTokenKey({ may: ["ops"] });
    const broken = key === "{" ? signingKey.replace('"kty":"OKP"', '"kty":"RSA"') : key;
    const ended = await concord(["token", "--role", "ops"], { env: { CONCORD_TOKEN_KEY: broken } });
    expect(ended).toMatchObject({ code: 2, out: "" });
    expect(ended.err).not.toContain(JSON.parse(signingKey).d);
  });

  it("shows what a token says, without its signature, and nothing in it moves the cursor", async () => {
    const { out: token } = await concord(["token", "--role", "dealer", "--dealer", "D-7", "--as", "\u001b[2Jann"]);
    const { code, out } = await concord(["token", "--inspect", token]);
    expect(code).toBe(0);
    expect(out).toMatch(/^key +local \(EdDSA\)$/m);
    expect(out).toMatch(/^dealerIds \["D-7"\]$/m);
    expect(out).toMatch(/^expires +20\d\d-/m);
    expect(out).not.toContain(token.split(".")[2]);
    expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(await concord(["token", "--inspect", "nonsense"])).toMatchObject({ code: 2, out: "" });
  });

  it("signs with CONCORD_TOKEN_SECRET, which it does not print", async () => {
    const env = { CONCORD_TOKEN_SECRET: "s3cret-of-at-least-32-characters-in-all" };
    const { out, err } = await concord(["token", "--role", "ops"], { env });
    await jwtVerify(out, new TextEncoder().encode(env.CONCORD_TOKEN_SECRET));
    expect(out + err).not.toContain("s3cret");
  });
});
