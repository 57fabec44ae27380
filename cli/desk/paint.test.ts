import { expect, it } from "vitest";
import { COLOURS, PLAIN, paintFor } from "./paint.ts";

it.each([
  [true, undefined, COLOURS],
  [true, "", COLOURS],
  [true, "1", PLAIN],
  [true, "0", PLAIN],
  [false, undefined, PLAIN],
])("a terminal: %s, NO_COLOR: %s", (isTty, noColor, expected) => {
  expect(paintFor(isTty, noColor)).toBe(expected);
});
