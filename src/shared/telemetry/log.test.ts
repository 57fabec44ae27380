import { describe, expect, it } from "vitest";
import { functionOf } from "./log.ts";

const thrownWith = (...frames: string[]) =>
  Object.assign(new Error("m"), { stack: ["Error: m", ...frames].join("\n") });

describe("the function that a fault came through", () => {
  it.each([
    [["    at joinDevices (index.js:12:3)"], "joinDevices"],
    [["    at async FleetRepository.merge (index.js:1:1)"], "FleetRepository.merge"],
    [
      ["    at D1Database._send (cloudflare-internal:d1-api:9:9)", "    at FleetRepository.#run (index.js:1:1)"],
      "FleetRepository.#run",
    ],
    [["    at Array.map (<anonymous>)", "    at index.js:4:4", "    at writesFor (index.js:1:1)"], "writesFor"],
    [["    at index.js:4:4"], undefined],
    [[], undefined],
  ])("%j", (frames, expected) => {
    expect(functionOf(thrownWith(...frames))).toBe(expected);
  });

  it("is none of what is no error", () => {
    expect(functionOf("thrown")).toBeUndefined();
  });

  it("is the one that threw, here", () => {
    function breaks() {
      throw new TypeError("m");
    }
    try {
      breaks();
    } catch (thrown) {
      expect(functionOf(thrown)).toBe("breaks");
    }
  });
});
