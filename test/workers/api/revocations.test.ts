import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { signClaims, signToken } from "#auth/token.ts";
import { emptyTables, env, OPS, post } from "./support.ts";

beforeEach(async () => {
  await emptyTables();
  await env.DB.exec("DELETE FROM token_revocations");
});
afterEach(() => vi.restoreAllMocks());

const revoke = (id: string, revokedAtMs = Date.now()) =>
  env.DB.prepare("INSERT INTO token_revocations VALUES (?1, ?2, ?3, 'ann', 'lost')")
    .bind(id, revokedAtMs, revokedAtMs + 60_000)
    .run();

/** An isolate: what it has read of D1 is its own. Counts the reads of the list. */
function isolate() {
  let reads = 0;
  const withSession: D1Database["withSession"] = (constraint) => {
    const session = env.DB.withSession(constraint);
    const prepare = (sql: string) => {
      if (sql.includes("token_revocations")) reads++;
      return session.prepare(sql);
    };
    return { prepare, batch: session.batch.bind(session), getBookmark: () => session.getBookmark() } as never;
  };
  const DB = { withSession, prepare: env.DB.prepare.bind(env.DB), batch: env.DB.batch.bind(env.DB) } as never;
  const ask = async (token: string) => {
    const query = "{ devices { edges { cursor } } }";
    const response = await post({ query }, { Authorization: `Bearer ${token}` }, { ...env, DB });
    const { errors } = (await response.json()) as { errors?: { message: string }[] };
    return { status: response.status, message: errors?.[0]?.message };
  };
  return { ask, reads: () => reads };
}

describe("a token that was revoked", () => {
  it("is refused by its id, and no other is", async () => {
    const [lost, other] = await Promise.all([
      signToken(OPS, LOCAL_TOKEN_KEY, "1h"),
      signToken(OPS, LOCAL_TOKEN_KEY, "1h"),
    ]);
    const { ask } = isolate();
    await revoke(`token:${decodeJwt(lost).jti}`);
    expect(await ask(lost)).toEqual({ status: 401, message: expect.stringMatching(/was revoked/) });
    expect(await ask(other)).toMatchObject({ status: 200 });
  });

  it("is refused by its subject, unless it was issued later", async () => {
    const token = () => signClaims({ role: "service", sub: "portal" }, LOCAL_TOKEN_KEY, "1h");
    await revoke("subject:portal", Date.now() - 5_000);
    expect(await isolate().ask(await token())).toMatchObject({ status: 200 });
    await env.DB.exec("DELETE FROM token_revocations");
    await revoke("subject:portal");
    const { ask } = isolate();
    expect(await ask(await token())).toMatchObject({ status: 401 });
    expect(await ask(await signClaims({ role: "service", sub: "other" }, LOCAL_TOKEN_KEY, "1h"))).toMatchObject({
      status: 200,
    });
  });

  it("is refused within half a minute by an isolate that knows the list from before", async () => {
    const lost = await signToken(OPS, LOCAL_TOKEN_KEY, "1h");
    const { ask, reads } = isolate();
    expect(await ask(lost)).toMatchObject({ status: 200 });
    await revoke(`token:${decodeJwt(lost).jti}`);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 30_000);
    expect(await ask(lost)).toMatchObject({ status: 401 });
    expect(reads()).toBe(2);
  });
});

it("a hundred requests cost one read of the list", async () => {
  const token = await signToken(OPS, LOCAL_TOKEN_KEY, "1h");
  const { ask, reads } = isolate();
  for (let request = 0; request < 100; request++) expect((await ask(token)).status).toBe(200);
  expect(reads()).toBe(1);
});

it("a refused token is logged by the names of its key and its own, and never as a whole", async () => {
  const logged = vi.spyOn(console, "warn").mockImplementation(() => {});
  const lost = await signToken(OPS, LOCAL_TOKEN_KEY, "1h");
  const { jti } = decodeJwt(lost);
  await revoke(`token:${jti}`);
  await isolate().ask(lost);
  const lines = logged.mock.calls.flat().map(String);
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ event: "token.refused", reason: "revoked", kid: "local", jti }),
  );
  for (const part of lost.split(".")) expect(lines.join()).not.toContain(part);
});
