import { expect, it } from "vitest";
import { backward, forward, PHASES, READS, WRITES } from "./move.ts";

it("goes from the old database to the new one by one step at a time", () => {
  for (const [i, phase] of PHASES.slice(0, -1).entries()) {
    expect(forward({ phase, isUsedByAll: true, differences: 0 })).toEqual({ ok: true, phase: PHASES[i + 1] });
  }
  expect(forward({ phase: "new", isUsedByAll: true, differences: 0 })).toMatchObject({ ok: false });
});

it("reads only what each consumer of its own and the neighbouring phases writes", () => {
  for (const [i, phase] of PHASES.entries()) {
    for (const neighbour of PHASES.slice(Math.max(0, i - 1), i + 2)) expect(WRITES[neighbour]).toContain(READS[phase]);
  }
});

it.each([
  [{ phase: "both", isUsedByAll: false, differences: 0 }, "an earlier version of the map is still in use"],
  [{ phase: "both", isUsedByAll: true, differences: 3 }, "3 devices differ: copy them again"],
] as const)("waits at %o", (move, why) => {
  expect(forward(move)).toEqual({ ok: false, why });
});

it("goes back until events are written to the new database alone", () => {
  const back = (phase: (typeof PHASES)[number]) => backward({ phase, isUsedByAll: true, differences: 9 });
  expect(back("both")).toEqual({ ok: true, phase: "old" });
  expect(back("flipped")).toEqual({ ok: true, phase: "both" });
  expect(back("new")).toMatchObject({ ok: false });
  expect(back("old")).toMatchObject({ ok: false });
  expect(backward({ phase: "both", isUsedByAll: false, differences: 0 })).toMatchObject({ ok: false });
});
