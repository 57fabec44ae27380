import { expect, it } from "vitest";
import { sha256Hex } from "#base/digest.ts";
import { CHANGED, consumeRecords, freshDevice, report, Socket } from "./support.ts";

const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
const UNKNOWN = "0".repeat(64);

/** What a socket of a device answers to a subscription. */
async function answerTo(payload: object) {
  const key = freshDevice();
  await consumeRecords([report(key, 1)]);
  const socket = await Socket.authenticated({ device: key });
  socket.send({ type: "subscribe", id: "1", payload: { variables: { key }, ...payload } });
  return socket.received(({ type }) => type === "next" || type === "error");
}

it("a socket answers a hash that it does not know in the words that clients act on", async () => {
  expect(await answerTo(persisted(UNKNOWN))).toMatchObject({
    type: "error",
    payload: [{ message: "PersistedQueryNotFound", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }],
  });
});

it("a socket runs a text beside its own hash, and keeps nothing of it", async () => {
  const hash = await sha256Hex(CHANGED);
  expect(await answerTo({ query: CHANGED, ...persisted(hash) })).toMatchObject({
    type: "next",
    payload: { data: { deviceChanged: { kind: "SNAPSHOT" } } },
  });
  expect(await answerTo(persisted(hash))).toMatchObject({ payload: [{ message: "PersistedQueryNotFound" }] });
});

it("a socket refuses a text beside another's hash", async () => {
  expect(await answerTo({ query: CHANGED, ...persisted(UNKNOWN) })).toMatchObject({
    type: "error",
    payload: [{ extensions: { code: "BAD_USER_INPUT" } }],
  });
});
