import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type Contract, defineContract } from "./define.ts";
import { exampleValue } from "./describe.ts";
import { CONTRACTS, contractFinder } from "./index.ts";
import { parseTopic } from "./topic.ts";

describe("a topic", () => {
  const spec = { summary: "-", data: z.object({}), toChange: () => ({}), example: {} };

  // Each of these must fail to compile, so the type checker is half of this test.
  it("that breaks the grammar does not compile, and throws at startup", () => {
    const breaks = "breaks the topic grammar";
    // @ts-expect-error upper case
    expect(() => defineContract({ topic: "device.elt.Alert.raised", ...spec })).toThrow(breaks);
    // @ts-expect-error five segments
    expect(() => defineContract({ topic: "device.elt.alert.raised.v2", ...spec })).toThrow(breaks);
    // @ts-expect-error three segments
    expect(() => defineContract({ topic: "device.elt.alert", ...spec })).toThrow(breaks);
    // @ts-expect-error unknown source
    expect(() => defineContract({ topic: "device.nobody.alert.raised", ...spec })).toThrow(
      "no source is called nobody. Sources are infinity, elt",
    );
    // @ts-expect-error empty segment
    expect(() => defineContract({ topic: "device.elt..raised", ...spec })).toThrow(breaks);
    // @ts-expect-error empty last segment
    expect(() => defineContract({ topic: "device.elt.alert.", ...spec })).toThrow(breaks);
    // @ts-expect-error another first segment
    expect(() => defineContract({ topic: "devices.elt.alert.raised", ...spec })).toThrow(breaks);
    // @ts-expect-error any text at all
    expect(() => defineContract({ topic: "device.elt" as string, ...spec })).toThrow(breaks);
    // The type cannot see these; start-up does.
    expect(() => defineContract({ topic: "device.elt.two words.raised", ...spec })).toThrow(breaks);
    expect(() => defineContract({ topic: "device.elt.1st.raised", ...spec })).toThrow(breaks);
  });

  it("that follows the grammar compiles, and has its parts", () => {
    const contract = defineContract({ topic: "device.elt.filter-pad.worn_out", ...spec });
    expect(contract).toMatchObject({ source: "elt", entity: "filter-pad", action: "worn_out", version: 1 });
  });

  it("of any other form has no parts", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.string()).map((parts) => parts.join(".")),
        ),
        (text) => {
          const parts = parseTopic(text);
          if (parts) expect(`device.${parts.source}.${parts.entity}.${parts.action}`).toBe(text);
        },
      ),
    );
    expect(parseTopic("device.elt.alert.raised\n")).toBeUndefined();
    expect(parseTopic(`device.elt.alert.${"r".repeat(250)}`)).toBeUndefined();
  });

  it("is accepted under a former name until the day when that ends", () => {
    const renamed = defineContract({
      topic: "device.elt.alert.raised",
      ...spec,
      aliases: [{ topic: "device.elt.alarm.raised", until: "2027-01-01" }],
    }) as unknown as Contract;
    const find = contractFinder([renamed]);
    const end = Date.UTC(2027, 0, 1);
    expect(find("device.elt.alarm.raised", end - 1)).toBe(renamed);
    expect(find("device.elt.alarm.raised", end)).toBeUndefined();
    expect(find("device.elt.alert.raised", end)).toBe(renamed);
  });

  // What CONTRIBUTING.md says of a topic whose producers have to change its name.
  it("of every contract may become the former name of another, and its records are read as before", () => {
    const nowMs = Date.UTC(2026, 11, 1);
    for (const contract of CONTRACTS) {
      const { topic, source } = contract;
      const renamed = { ...contract, topic: `device.${source}.new.name`, aliases: [{ topic, until: "2027-01-01" }] };
      const find = contractFinder([...CONTRACTS.filter((each) => each !== contract), renamed]);
      expect(find(topic, nowMs)).toBe(renamed);
      expect(find(renamed.topic, nowMs)?.value.safeParse(exampleValue(contract)).success).toBe(true);
      expect(find(topic, Date.UTC(2027, 0, 1))).toBeUndefined();
    }
  });
});
