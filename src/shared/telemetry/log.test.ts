import { describe, expect, it } from "vitest";
import { throwingFunction } from "./log.ts";

function thrownIn(action: () => unknown): unknown {
  try {
    return action();
  } catch (thrown) {
    return thrown;
  }
}

const withStack = (message: string, ...frames: string[]) =>
  Object.assign(new TypeError(message), {
    stack: `TypeError: ${message}\n${frames.map((f) => `    at ${f}`).join("\n")}`,
  });

describe("the function an error was thrown in", () => {
  it("is the innermost one that has a name", () => {
    function boom() {
      [1].forEach(() => {
        throw new Error("x");
      });
    }
    expect(throwingFunction(thrownIn(boom))).toBe("boom");
  });

  it.each([
    ["behind a library's", ["parse (/app/node_modules/zod/index.js:1:2)", "read (/app/src/a.ts:3:4)"], "read"],
    [
      "behind the platform's",
      ["D1._send (cloudflare-internal:d1-api:9:1)", "Letters.park (index.js:3:4)"],
      "Letters.park",
    ],
    [
      "behind a list's",
      ["async Promise.all (index 0)", "Array.map (<anonymous>)", "async consume (i.js:1:1)"],
      "consume",
    ],
    ["of a private method", ["Letters.#run [as run] (i.js:1:1)"], "Letters.#run"],
    ["of a constructor", ["new Device (i.js:1:1)"], "Device"],
    ["that an object was asked for", ["Object.toChange (i.js:1:1)"], "toChange"],
  ])("is found %s", (_, frames, name) => {
    expect(throwingFunction(withStack("no", ...frames))).toBe(name);
  });

  it("is not one that a message pretends to", () => {
    expect(throwingFunction(withStack("no\n    at mary (i.js:1:1)", "read (i.js:1:1)"))).toBe("read");
    const renamed = withStack("no\n    at mary (i.js:1:1)", "read (i.js:1:1)");
    renamed.message = "another";
    expect(throwingFunction(renamed)).toBeUndefined();
  });

  it.each(["text", null, Object.assign(new Error("x"), { stack: undefined }), withStack("no", "i.js:1:1")])(
    "is unknown of %s",
    (thrown) => {
      expect(throwingFunction(thrown)).toBeUndefined();
    },
  );
});
