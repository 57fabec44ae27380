import { runDurableObjectAlarm } from "cloudflare:test";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { signToken } from "#auth/token.ts";
import { CHANGED, consumeRecords, env, freshDevice, OPS, objectOf, report, Socket } from "./support.ts";

beforeEach(() => env.DB.exec("DELETE FROM token_revocations"));
afterEach(() => vi.restoreAllMocks());

const revoke = (token: string) =>
  env.DB.prepare("INSERT INTO token_revocations VALUES (?1, ?2, ?3, 'ann', 'lost')")
    .bind(`token:${decodeJwt(token).jti}`, Date.now(), Date.now() + 60_000)
    .run();

/** A subscribed socket, and its token. */
async function subscribed(key = freshDevice()) {
  await consumeRecords([report(key, 1)]);
  const token = await signToken(OPS, LOCAL_TOKEN_KEY, "1h");
  const socket = await Socket.open({ device: key });
  socket.authenticate(token);
  socket.subscribe(CHANGED, { key });
  await socket.items(1);
  return { key, token, socket };
}

const halfAMinuteLater = () => vi.spyOn(Date, "now").mockReturnValue(Date.now() + 31_000);

describe("a token that is revoked while its socket is open", () => {
  it("gets nothing more: the socket closes instead of the next item, and other sockets get it", async () => {
    const { key, token, socket } = await subscribed();
    const other = await subscribed(key);
    await revoke(token);
    halfAMinuteLater();
    await consumeRecords([report(key, 2)]);
    expect(await socket.closing()).toMatchObject({ code: 4403, reason: "Forbidden: the token was revoked" });
    expect(await socket.items(1)).toHaveLength(1);
    expect(await other.socket.items(2)).toHaveLength(2);
  });

  it("is closed by the object's next alarm, if nothing is delivered until then", async () => {
    const { key, token, socket } = await subscribed();
    await revoke(token);
    halfAMinuteLater();
    await runDurableObjectAlarm(objectOf(key));
    expect((await socket.closing()).code).toBe(4403);
  });

  it("starts no further subscription, and opens no further socket", async () => {
    const { key, token, socket } = await subscribed();
    await revoke(token);
    halfAMinuteLater();
    socket.subscribe(CHANGED, { key }, "2");
    expect((await socket.closing()).code).toBe(4403);
    const again = await Socket.open({ device: key });
    again.authenticate(token);
    expect(await again.closing()).toMatchObject({ code: 4403, reason: expect.stringMatching(/was revoked/) });
  });
});
