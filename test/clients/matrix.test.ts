import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClientUnderTest } from "./client.ts";
import { FEATURES, type Feature } from "./features.ts";
import { compareWithKept, type Shown } from "./results.ts";
import { openStand, type Stand } from "./stand.ts";

/**
 * Every client does every feature, or says why not. What this shows is kept in results.json, of which `npm run generate`
 * makes docs/clients-matrix.md; the last test fails when they differ.
 */
const folder = join(import.meta.dirname, "clients");
const clients: readonly ClientUnderTest[] = await Promise.all(
  readdirSync(folder)
    .toSorted()
    .map(async (file) => ((await import(join(folder, file))) as { default: ClientUnderTest }).default),
);

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand?.stop());

const shown: Shown = {};

for (const { name, cells, packages, unavailable } of clients) {
  if (unavailable) console.warn(`${name} is not tried: ${unavailable}`);
  describe.skipIf(unavailable)(name, { concurrent: true }, () => {
    const outcomes: Shown[string] = { packages, cells: {} };
    shown[name] = outcomes;
    for (const [feature, title] of Object.entries(FEATURES) as [Feature, string][]) {
      const cell = cells[feature];
      if ("notOffered" in cell) {
        outcomes.cells[feature] = cell;
        continue;
      }
      const { show, ...outcome } = typeof cell === "function" ? { show: cell, works: "" } : cell;
      it("refused" in outcome ? `${title}: refused, ${outcome.refused}` : title, async () => {
        await show(stand);
        outcomes.cells[feature] = outcome;
      });
    }
  });
}

it("What was shown is what results.json has", () => {
  const isSkipped = (name: string) => clients.some((each) => each.name === name && each.unavailable);
  expect(compareWithKept(shown, isSkipped)).toEqual([]);
});
