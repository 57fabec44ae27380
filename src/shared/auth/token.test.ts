import { SignJWT } from "jose";
import { expect, it } from "vitest";
import { authenticate, signToken } from "./token.ts";

const SECRET = "only-for-this-test-and-long-enough";

it.each(["", undefined as unknown as string])(
  "a Worker whose secret is %j accepts and signs no token, and says why",
  async (secret) => {
    const token = await signToken({ role: "ops" }, SECRET, "1h");
    await expect(authenticate(`Bearer ${token}`, { secret })).rejects.toThrow(/secret .* missing.*TOKEN_SECRET/);
    await expect(signToken({ role: "ops" }, secret, "1h")).rejects.toThrow(/secret .* missing/);
  },
);

it("a token that another secret signed is refused", async () => {
  const forged = await new SignJWT({ role: "ops" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("concord")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(`${SECRET}!`));
  expect(await authenticate(`Bearer ${forged}`, { secret: SECRET })).toMatchObject({ ok: false });
});
