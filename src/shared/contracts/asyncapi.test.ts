import { readFileSync } from "node:fs";
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { asyncApiDocument, contractName } from "./asyncapi.ts";
import { catalogueMarkdown, contractList } from "./catalogue.ts";
import { placeOf } from "./envelope.ts";
import { CONTRACTS } from "./index.ts";
import { parseRecord } from "./parse.ts";

type Parsed = Awaited<ReturnType<Parser["parse"]>>;

describe("the AsyncAPI document", () => {
  let parsed: Parsed;
  beforeAll(async () => {
    parsed = await new Parser().parse(JSON.stringify(asyncApiDocument()));
  });
  const document = () => parsed.document as NonNullable<Parsed["document"]>;

  it("is valid, without warnings of its parser", () => {
    const worse = parsed.diagnostics.filter(({ severity }) => severity <= DiagnosticSeverity.Warning);
    expect(worse).toEqual([]);
    expect(document().version()).toBe("3.0.0");
  });

  it("has a channel for every contract, which we receive on", () => {
    const topics = CONTRACTS.map(({ topic }) => topic);
    expect(
      document()
        .channels()
        .all()
        .map((channel) => channel.address()),
    ).toEqual(topics);
    expect(
      document()
        .operations()
        .all()
        .every((operation) => operation.isReceive()),
    ).toBe(true);
    const received = document()
      .operations()
      .all()
      .flatMap((operation) => operation.channels().all());
    expect(received.map((channel) => channel.address())).toEqual(topics);
  });

  it("has an example in every message that its schema accepts, and rejects without an event id", () => {
    for (const message of document().allMessages().all()) {
      const schema = z.fromJSONSchema(message.payload()?.json() as Parameters<typeof z.fromJSONSchema>[0]);
      const examples = message
        .examples()
        .all()
        .map((example) => example.payload() as unknown as object);
      expect(examples.length).toBeGreaterThan(0);
      const { places } = CONTRACTS.find((contract) => contractName(contract) === message.name()) ?? {};
      const [place = ""] = placeOf("eventId", places).at.split(".");
      for (const example of examples) {
        expect(schema.safeParse(example).error).toBeUndefined();
        expect(schema.safeParse({ ...example, more: "is tolerated" }).success).toBe(true);
        expect(schema.safeParse({ ...example, [place]: undefined }).success).toBe(false);
      }
    }
  });

  it("has the marks of personal data, under a name that tools accept", () => {
    const text = JSON.stringify(asyncApiDocument());
    expect(text).toContain('"x-pii":true');
    expect(text).not.toContain('"pii"');
  });
});

describe("the list of contracts", () => {
  it("is JSON, with an example that its contract accepts", () => {
    const list = contractList();
    expect(JSON.parse(JSON.stringify(list))).toEqual(list);
    for (const { topic, example } of list) {
      expect(parseRecord({ topic, value: JSON.stringify(example) }, Date.parse("2026-11-30T00:00:00Z")).ok).toBe(true);
    }
  });

  it("lists the paths of personal data", () => {
    const piiOf = (name: string) => contractList().find(({ topic }) => topic === name)?.pii;
    expect(piiOf("device.elt.customer.assigned")).toEqual([
      "data.customer.name",
      "data.customer.email",
      "data.customer.phone",
    ]);
    expect(piiOf("device.ecobee.profile.updated")).toEqual([
      "data.name",
      "data.location.city",
      "data.location.postalCode",
      "data.location.latitude",
      "data.location.longitude",
    ]);
    expect(piiOf("device.elt.status.reported")).toEqual([]);
  });
});

describe("the generated files", () => {
  const read = (file: string) => readFileSync(new URL(`../../../docs/${file}`, import.meta.url), "utf8");

  it("are up to date with the contracts (else run node scripts/generate-contracts.ts)", () => {
    expect(read("contracts.md")).toBe(catalogueMarkdown());
    expect(JSON.parse(read("asyncapi.json"))).toEqual(asyncApiDocument());
  });
});
