import { WriteStream } from "node:tty";
import { describe, expect, it } from "vitest";
import { COLOURS, PLAIN, paintFor } from "./paint.ts";

/** As `process.stdout` decides on a terminal. */
const { hasColors, getColorDepth } = WriteStream.prototype;
const TERMINAL = { hasColors, getColorDepth };
const PIPE = {};

describe("output", () => {
  it.each([
    ["coloured", "on a terminal", TERMINAL, {}, COLOURS],
    ["coloured", "where NO_COLOR is empty", TERMINAL, { NO_COLOR: "" }, COLOURS],
    ["plain", "where NO_COLOR is set", TERMINAL, { NO_COLOR: "1" }, PLAIN],
    ["plain", "where NO_COLOR is 0", TERMINAL, { NO_COLOR: "0" }, PLAIN],
    ["plain", "where both NO_COLOR and FORCE_COLOR are set", TERMINAL, { NO_COLOR: "1", FORCE_COLOR: "1" }, PLAIN],
    ["plain", "on a terminal without colours", TERMINAL, { TERM: "dumb" }, PLAIN],
    ["plain", "in a pipe", PIPE, {}, PLAIN],
    ["plain", "in a pipe, even with FORCE_COLOR", PIPE, { FORCE_COLOR: "1" }, PLAIN],
  ])("is %s %s", (_, __, stream, env, expected) => {
    expect(paintFor(stream, { TERM: "xterm", ...env })).toBe(expected);
  });
});
