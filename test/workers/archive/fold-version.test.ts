import { expect, it } from "vitest";
import { sha256Hex } from "#base/digest.ts";
import { EMPTY_FLEET, merge } from "#domain/fleet.ts";
import { partsOf } from "#domain/parts.ts";
import { canonicalText } from "#domain/register.ts";
import { generate } from "../../../samples/generate.ts";
import { partiesOf, readEvents } from "../../../workers/archive/jobs/verification/fold.ts";
import { FOLDING } from "../../../workers/archive/jobs/verification/fold-version.ts";
import { archivedOf } from "../../support/archived-year.ts";

/**
 * If `fold` is another while `records` are the same, the same records are folded to something else than before: count
 * `FOLDING` up, so that no verification goes on with a fold of before. If `records` are others too, the samples have changed.
 */
const KNOWN = { folding: 1, records: "b8374fd7e45bdd9d", fold: "51c27fd66d36c976" };

it("stored folds are of another version once the same records are folded to something else", async () => {
  const samples = generate({ devices: 12, events: 1_500, seed: 25 });
  const archived = samples.map((sample, i) => archivedOf({ sample, receivedAtMs: Date.UTC(2027, 0, 1) }, i));
  const { merged } = readEvents(archived, null);
  const { fleet } = merge(EMPTY_FLEET, merged);
  const parts = [...fleet.devices].map(([key, device]) => [key, [...partsOf(device)]]);
  const folded = canonicalText([parts.sort(), partiesOf(fleet).sort()]);
  expect({
    folding: FOLDING,
    records: await sha256Hex(JSON.stringify(samples.map(({ topic, key, value }) => [topic, key, value])), 8),
    fold: await sha256Hex(folded, 8),
  }).toEqual(KNOWN);
});
