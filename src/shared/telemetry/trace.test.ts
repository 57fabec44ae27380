import { expect, it } from "vitest";
import { parseTrace } from "./trace.ts";

const ID = "4bf92f3577b34da6a3ce929d0e0e4736";

it.each([
  [`00-${ID}-00f067aa0ba902b7-01`, true],
  [`00-${ID}-00f067aa0ba902b7-00`, false],
  [`cc-${ID}-00f067aa0ba902b7-03`, true],
])("%s is a trace, sampled: %s", (header, isSampled) => {
  expect(parseTrace(header)).toEqual({ traceparent: header, traceId: ID, isSampled });
});

it.each([
  null,
  undefined,
  "",
  "nonsense",
  `00-${ID}-00f067aa0ba902b7`,
  `ff-${ID}-00f067aa0ba902b7-01`,
  `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
  `00-${ID.toUpperCase()}-00f067aa0ba902b7-01`,
  `00-${ID}-00f067aa0ba902b7-01 and more`,
])("%j is none", (header) => {
  expect(parseTrace(header)).toBeUndefined();
});
