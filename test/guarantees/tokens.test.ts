import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { newTokenKey } from "#auth/new-key.ts";
import { signClaims } from "#auth/sign.ts";
import { parseTokenKeys } from "#auth/token-keys.ts";
import { verifyToken } from "#auth/verify.ts";
import { currentRevocations } from "#repositories/current-revocations.ts";
import { logNothing } from "./quiet.ts";

// Whose tokens are accepted. mutants.ts has a change of the code that makes this fail.
logNothing();

const { DB } = env as unknown as { readonly DB: D1Database };

beforeEach(() => DB.exec("DELETE FROM token_revocations"));
afterEach(() => vi.useRealTimers());

it("G19: a token is only what its key may sign, until its end or its revocation", async () => {
  const [dealers, desk] = await Promise.all([
    newTokenKey({ may: ["dealer"], maxLife: "1h" }),
    newTokenKey({ may: ["operator", "admin"], maxLife: "12h" }),
  ]);
  const keys = parseTokenKeys(JSON.stringify({ keys: [dealers.entry, desk.entry] }));
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const isolate = { withSession: DB.withSession.bind(DB) } as unknown as D1Database;
  const onFault = (thrown: unknown) => {
    throw thrown;
  };
  const isRevoked = async (token: Parameters<Awaited<ReturnType<typeof currentRevocations>>["has"]>[0]) =>
    (await currentRevocations({ db: isolate, now: Date.now, onFault })).has(token);
  const outcome = async (token: string) => {
    const verified = await verifyToken(token, { keys, isRevoked });
    return verified.ok ? "accepted" : verified.reason;
  };
  const inSeconds = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);

  // Each key signs for itself what it may not: a thief has the key, and no tool of ours.
  const unbound = (signingKey: string) => JSON.stringify({ ...JSON.parse(signingKey), may: ALL, maxLife: "366d" });
  const sign = (signingKey: string, role: string, life: string, jti = crypto.randomUUID()) =>
    signClaims({ role, jti, sub: "ann" }, unbound(signingKey), life);
  for (const role of ALL) {
    expect(await outcome(await sign(dealers.signingKey, role, "1h"))).toBe(role === "dealer" ? "accepted" : "role");
    const may = role === "operator" || role === "admin";
    expect(await outcome(await sign(desk.signingKey, role, "12h"))).toBe(may ? "accepted" : "role");
  }
  expect(await outcome(await sign(dealers.signingKey, "dealer", "2h"))).toBe("too_long");

  const [lost, kept] = [
    await sign(desk.signingKey, "admin", "1h", "lost"),
    await sign(desk.signingKey, "admin", "1h", "kept"),
  ];
  await DB.prepare("INSERT INTO token_revocations VALUES ('token:lost', ?1, ?2, 'ann', 'lost')")
    .bind(Date.now(), Date.now() + 3_600_000)
    .run();
  inSeconds(30);
  expect([await outcome(lost), await outcome(kept)]).toEqual(["revoked", "accepted"]);
  inSeconds(3_600);
  expect(await outcome(kept)).toBe("expired");
});

const ALL = ["dealer", "service", "ops", "scraper", "viewer", "operator", "admin"] as const;
