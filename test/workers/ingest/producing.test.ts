import { beforeEach, describe, expect, it } from "vitest";
import { toBase64 } from "#base/base64.ts";
import { CONTRACTS } from "#contracts/index.ts";
import type { Topic } from "#contracts/produce.ts";
import { REST_V2_CONTENT_TYPE, toCloudEvent, toRestV2Body, toRestV3Body } from "#produce/encode.ts";
import { Producer } from "#produce/producer.ts";
import { anEvent } from "#testing/builders.ts";
import { BASIC, Boundary } from "./harness.ts";

const traced = { ...anEvent("device.elt.profile.updated", { data: { name: 'Küche "2" \u{1F600}' } }) };
const records = CONTRACTS.map(({ topic }) => anEvent(topic as Topic));

let boundary: Boundary;
beforeEach(() => {
  boundary = new Boundary();
});

/** A `fetch` that ends in the boundary. */
const intoBoundary = async (url: string, { body, headers }: RequestInit): Promise<Response> => {
  const { "Content-Type": type, Authorization, ...others } = headers as Record<string, string>;
  const path = new URL(url).pathname;
  return boundary.post({
    path,
    type: type ?? "",
    authorization: Authorization ?? "",
    headers: others,
    body: body as string,
  });
};
const producer = () => new Producer({ url: "https://concord.example", authorization: BASIC, fetch: intoBoundary });

describe("a built record", () => {
  const { topic, key, value, timestampMs } = traced;
  const headers = Object.entries(traced.headers).map(([name, text]) => [
    name,
    toBase64(new TextEncoder().encode(text)),
  ]);

  it.each([
    ["version 2", `/topics/${topic}`, REST_V2_CONTENT_TYPE, toRestV2Body([traced])],
    ["version 3", `/v3/clusters/concord/topics/${topic}/records`, "application/json", toRestV3Body([traced])],
  ])("arrives as it was built through the REST proxy's %s", async (_, path, type, body) => {
    expect((await boundary.post({ path, type, body })).status).toBe(200);
    expect(boundary.records).toMatchObject([{ topic, key, value, timestampMs, headers }]);
  });

  it("arrives with its value, and its device as its key, as a CloudEvent", async () => {
    const body = JSON.stringify(toCloudEvent(traced));
    await boundary.post({ path: `/ingest/${topic}`, type: "application/cloudevents+json", body });
    expect(boundary.records).toMatchObject([{ topic, key, value }]);
  });
});

describe("a producer", () => {
  it("delivers an event of every topic, byte for byte, and has a receipt for each", async () => {
    const sent = await producer().send(records);
    expect(sent).toEqual(records.map(() => ({ kind: "accepted" })));
    expect(boundary.records.map(({ topic, value }) => [topic, value])).toEqual(
      records.map(({ topic, value }) => [topic, value]),
    );
  });

  it("is told of a record that the boundary keeps as a dead letter", async () => {
    const [bad, good] = await producer().send([{ ...traced, value: "{}" }, traced]);
    expect(bad).toMatchObject({ kind: "deadLettered", code: 42206, message: expect.stringContaining("eventId") });
    expect(good).toEqual({ kind: "accepted" });
    expect(boundary.letters).toHaveLength(1);
  });

  it("sends again what the queue did not take, once it does", async () => {
    boundary.events.callsLeft = 0;
    setTimeout(() => {
      boundary.events.callsLeft = Number.POSITIVE_INFINITY;
    }, 100);
    const answers: number[] = [];
    const patient = new Producer({
      url: "https://concord.example",
      authorization: BASIC,
      random: () => 0,
      fetch: async (...request) => {
        const response = await intoBoundary(...request);
        answers.push(response.status);
        // As soon as it may, or this test would take seconds.
        return new Response(response.body, { status: response.status, headers: { "Retry-After": "0" } });
      },
    });
    expect(await patient.send([traced])).toEqual([{ kind: "accepted" }]);
    expect(answers.slice(0, 1)).toEqual([503]);
    expect(answers.at(-1)).toBe(200);
    expect(boundary.records).toHaveLength(1);
  });

  it("says what to do about credentials that are refused", async () => {
    const wrong = new Producer({ url: "https://concord.example", authorization: "Basic eA==", fetch: intoBoundary });
    const [one, other] = await wrong.send(records.slice(0, 2));
    expect(one).toEqual({
      kind: "notSent",
      reason: expect.stringMatching(/^answered with 401.*Check the credentials/),
    });
    expect(other).toEqual(one);
  });
});
