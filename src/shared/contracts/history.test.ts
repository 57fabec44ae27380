import { expect, it } from "vitest";
import { EARLIER, EVOLVED } from "../../../test/support/three-versions.ts";
import { historyLines, historyOf } from "./history.ts";

const releases = [
  { release: 1, date: "2026-12-01", topics: { [EVOLVED]: 1 } },
  { release: 2, date: "2026-12-05", topics: { [EVOLVED]: 2 } },
];

it("a contract's history has what each version changed, when it was released, and what becomes of its records", () => {
  const history = historyOf({ topic: EVOLVED, version: 3, earlier: EARLIER }, releases);
  expect(history.map(({ version, release, date, records }) => [version, release, date, records])).toEqual([
    [3, null, null, "as they are"],
    [2, 2, "2026-12-05", "converted"],
    [1, 1, "2026-12-01", "converted"],
  ]);
  expect(historyLines(history)).toEqual([
    "- Version 3, not released yet: The temperature is in Celsius, and may be missing.",
    "- Version 2, released on 2026-12-05: `connected` became `online`, which is true or false. Its records are read after they are converted.",
    "- Version 1, released on 2026-12-01: the first that is read. Its records are read after they are converted.",
  ]);
});

it("a compatible version is read as it is", () => {
  const earlier = [{ version: 1, changed: "A note may be added." }];
  const [, first] = historyOf({ topic: EVOLVED, version: 2, earlier }, releases);
  expect(first).toMatchObject({ version: 1, records: "as they are" });
});

it("a contract that has had one version has no history to tell", () => {
  expect(historyLines(historyOf({ topic: EVOLVED, version: 1, earlier: [] }, releases))).toEqual([]);
});
