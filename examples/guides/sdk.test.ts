import { newTokenKey, signToken } from "concord-sdk/auth";
import { CONSISTENCY_HEADER } from "concord-sdk/services";
import { aDevice, FakeConcord } from "concord-sdk/testing";
import { expect, it } from "vitest";
import { message, record } from "./sdk-event.ts";
import worker from "./sdk-worker.ts";

const { entry, signingKey } = await newTokenKey({ may: ["dealer"], maxLife: "1h" });
const TOKEN_KEYS = JSON.stringify({ keys: [entry] });

it("docs/sdk.md shows a Worker that lists what its caller may see, and how fresh that is", async () => {
  const offline = { online: false };
  const concord = new FakeConcord({
    records: [
      ...aDevice({ key: "elt:1", dealer: "D-7", status: offline }),
      ...aDevice({ key: "elt:2", dealer: "D-8", status: offline }),
    ],
  });
  const ask = (headers: HeadersInit) => {
    type Incoming = Parameters<typeof worker.fetch>[0];
    const request = new Request("https://service.example/", { headers }) as Incoming;
    return worker.fetch(request, { ...concord.bindings, TOKEN_KEYS });
  };
  const token = await signToken({ role: "dealer", dealerIds: ["D-7"] }, signingKey, "1h");
  const answer = await ask({ Authorization: `Bearer ${token}` });
  expect(await answer.json()).toEqual(["elt:1"]);
  expect(answer.headers.get(CONSISTENCY_HEADER)).toMatch(/^[0-9a-f-]{59}$/);
  expect((await ask({})).status).toBe(401);
});

it("docs/sdk.md shows an event that its contract accepts, as a message of Kafka", () => {
  expect(message).toMatchObject({ key: "t-1", value: record.value });
});
