import { decodeJwt, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { concord } from "../../test/support/fake-terminal.ts";

describe("concord token", () => {
  it.each([
    [["--role", "ops"], { role: "ops" }],
    [
      ["--role", "dealer", "--dealer", "D-7,D-8", "--dealer", "D-9"],
      { role: "dealer", dealerIds: ["D-7", "D-8", "D-9"] },
    ],
    [["--role", "viewer", "--as", "ann@example.com"], { role: "viewer", sub: "ann@example.com" }],
  ])("%j prints a token with %j", async (args, claims) => {
    const { code, out, err } = await concord(["token", ...args, "--expires", "1h"]);
    expect([code, err]).toEqual([0, ""]);
    const { exp = 0, iat = 0, ...given } = decodeJwt(out);
    expect(given).toMatchObject(claims);
    expect(exp - iat).toBe(3_600);
  });

  it.each([
    [[], /^--role has to be ops, service, dealer, viewer, operator or admin/],
    [["--role", "ops", "--dealer", "D-7"], /--dealer goes with --role dealer/],
    [["--role", "dealer"], /needs at least one dealer/],
    [["--role", "admin"], /--role admin needs a name/],
    [["--role", "ops", "--as", "ann"], /--as goes with/],
    [["--role", "ops", "--expires", "soon"], /--expires has to be a span of time/],
  ])("%j ends with 2 and prints no token", async (args, message) => {
    expect(await concord(["token", ...args])).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
  });

  it("signs with CONCORD_TOKEN_SECRET, which it does not print", async () => {
    const env = { CONCORD_TOKEN_SECRET: "s3cret-of-at-least-32-characters-in-all" };
    const { out, err } = await concord(["token", "--role", "ops"], { env });
    await jwtVerify(out, new TextEncoder().encode(env.CONCORD_TOKEN_SECRET));
    expect(out + err).not.toContain("s3cret");
  });
});
