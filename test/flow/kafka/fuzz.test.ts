import { randomInt } from "node:crypto";
import { beforeAll, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../../local/clients.ts";
import type { Stack } from "../../../local/stack.ts";
import { fuzz } from "../../support/fuzz.ts";
import { outcomesAtRest } from "../../support/outcomes.ts";
import { eventText, JSON_V2, send, T } from "../../support/rest-proxy.ts";
import { sharedStack } from "../../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});

/** `npm run fuzz` does the same for longer; a failure there or here prints the seed that brings it back. */
it("The boundary answers whatever is sent, keeps serving, and loses no record that it accepted", async () => {
  const before = await outcomesAtRest(clients);
  const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
  const { kept } = await fuzz(stack.url, { requests: 400, seed });
  const good = await send(stack.url, {
    path: `/topics/${T}`,
    type: JSON_V2,
    body: `{"records":[{"value":${eventText()}}]}`,
  });
  expect(good).toMatchObject({ status: 200 });
  await vi.waitFor(
    async () => {
      const { accepted, inFlight } = await clients.outcomes();
      const taken = accepted - before.accepted;
      expect({ taken, inFlight }, `seed ${seed}`).toEqual({ taken: kept + 1, inFlight: 0 });
    },
    { timeout: 20_000, interval: 100 },
  );
});
