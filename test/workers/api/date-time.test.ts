import { beforeEach, describe, expect, it } from "vitest";
import { ask, emptyTables, nodesOf, seedDevices } from "./support.ts";

beforeEach(emptyTables);

const BY_VARIABLE = "query ($since: DateTime) { devices(filter: { updatedSince: $since }) { edges { node { key } } } }";
const IN_RANGE = "query ($range: TimeRange) { devices(filter: { registered: $range }) { edges { node { key } } } }";

describe("an argument that is not a time in RFC 3339", () => {
  const bad = ["foo 7", "1", "10/01/2026", "2026-02-30T00:00:00Z", "2026-11-23", "0000-01-01T00:00:00+23:59", ""];

  it.each(bad)("%j is refused as a variable, with its name and place", async (text) => {
    const whole = await ask(BY_VARIABLE, { variables: { since: text } });
    expect(whole.data ?? null).toBeNull();
    expect(whole.errors?.[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
    expect(whole.errors?.[0]?.message).toMatch(/"\$since".*DateTime is RFC 3339/s);
    const inside = await ask(IN_RANGE, { variables: { range: { from: "2026-11-23T00:00:00Z", to: text } } });
    expect(inside.errors?.[0]?.message).toMatch(/"\$range".*to.*DateTime is RFC 3339/s);
  });

  it.each([...bad.map((text) => JSON.stringify(text)), "1", "true", "[]"])(
    "%s is refused in a document, at its place",
    async (literal) => {
      const { data, errors } = await ask(
        `{ devices(filter: { updatedSince: ${literal} }) { edges { node { key } } } }`,
      );
      expect(data ?? null).toBeNull();
      expect(errors?.[0]).toMatchObject({ locations: [{ line: 1, column: 35 }] });
      expect(errors?.[0]?.message).toMatch(/DateTime/);
    },
  );
});

it("a time is accepted in each form of RFC 3339, to its last digit", async () => {
  await seedDevices({ key: "elt:1" });
  const asked = async (since: string) =>
    nodesOf((await ask(BY_VARIABLE, { variables: { since } })).data.devices).length;
  // The device's newest event occurred at 13:00:00.000Z.
  expect(await asked("2026-11-23T13:00:00Z")).toBe(1);
  expect(await asked("2026-11-23t14:00:00.000000000+01:00")).toBe(1);
  expect(await asked("2026-11-23T13:00:00.000000001z")).toBe(0);
});
