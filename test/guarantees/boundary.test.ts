import { beforeEach, expect, it } from "vitest";
import { Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { bad, report } from "./records.ts";
import { foldOf, heldOf, lettersWith } from "./state.ts";

// What a sink sends, as its producers wrote it. For each guarantee, mutants.ts has a change of the code that makes its
// test fail and lets all others pass.
logNothing();

const SIZE = 4;

type Poison = readonly [reason: string, write: (n: number) => string | Uint8Array];

/** Records that cannot be applied, each with a number of its own, and why. */
const POISON: readonly Poison[] = [
  ["schema_mismatch", (n) => bad("g17", n).value as string],
  ["not_json", (n) => Uint8Array.of(...new TextEncoder().encode(`{"n":${n},"text":"`), 0xff, 0x22, 0x7d)],
  ["too_deep", (n) => `{"n":${n},"a":${"[".repeat(40)}${"]".repeat(40)}}`],
  ["too_large", (n) => `{"n":${n},"a":"${"x".repeat(70_000)}"}`],
];
const UNFINISHED: Poison = ["not_json", (n) => `{"n":${n}`];

/** How sinks put records into a body. One that breaks off needs a line of its own. */
const FORMS = [
  { type: "application/x-ndjson", before: "", between: "\n", after: "\n", takes: [...POISON, UNFINISHED] },
  { type: "application/json", before: "[", between: ",", after: "]", takes: POISON },
  { type: "application/json", before: "", between: "", after: "", takes: POISON },
];

let platform: Platform;

beforeEach(() => {
  platform = new Platform();
});

it("G17: no record of a sink fails its request, and of n records sent n are applied or dead letters", async () => {
  const neighbours = [];
  const reasons = [];
  let minute = 0;
  for (const { type, before, between, after, takes } of FORMS) {
    for (const [reason, write] of takes) {
      for (let place = 0; place < SIZE; place++) {
        const good = Array.from({ length: SIZE - 1 }, (_, i) => report(`g17-${i}`, ++minute));
        const sent = good.map(({ value }) => value as string | Uint8Array).toSpliced(place, 0, write(minute));
        const pieces = sent.flatMap((each, i) => (i === 0 ? [each] : [between, each]));
        const answer = await platform.send(
          "/ingest/device.elt.status.reported",
          type,
          new Blob([before, ...pieces, after]),
        );
        expect([answer.status, await answer.json()], `${reason}, ${type}, at ${place}`).toMatchObject([
          200,
          { accepted: SIZE - 1, deadLettered: 1 },
        ]);
        neighbours.push(...good);
        reasons.push(reason);
      }
    }
  }
  await platform.rest();

  expect(await heldOf(neighbours)).toEqual(foldOf(neighbours));
  const letters = await lettersWith("status.reported");
  expect(letters.map(({ reason }) => reason).toSorted()).toEqual(reasons.toSorted());
});
