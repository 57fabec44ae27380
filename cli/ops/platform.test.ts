import { describe, expect, it } from "vitest";
import { platformUrl, tokenFor } from "./platform.ts";

describe("the address of the platform", () => {
  it.each([
    ["https://a.example", { CONCORD_URL: "https://b.example" }, "https://a.example/"],
    [undefined, { CONCORD_URL: "https://b.example" }, "https://b.example/"],
    [undefined, { CONCORD_URL: "" }, "http://127.0.0.1:8787/"],
    [undefined, {}, "http://127.0.0.1:8787/"],
  ])("of --url %s and %j is %s", (given, env, expected) => {
    expect(platformUrl(given, env).href).toBe(expected);
  });

  it.each([
    ["ann:s3cret@a.example", /^--url has to be an address/],
    ["ftp://ann:s3cret@a.example", /^--url has to be an address/],
    ["https://ann:s3cret@a.example", /^--url holds a user name or password/],
  ])("%s is refused without its password", (given, message) => {
    expect(() => platformUrl(given, {})).toThrow(message);
    expect(() => platformUrl(given, {})).not.toThrow("s3cret");
    expect(() => platformUrl(undefined, { CONCORD_URL: given })).toThrow(/^CONCORD_URL h/);
  });
});

describe("the token", () => {
  it("is required for any host but the local one", async () => {
    await expect(tokenFor(new URL("https://a.example"), {})).rejects.toThrow("CONCORD_TOKEN is not set");
    expect(await tokenFor(new URL("http://localhost:8787"), {})).toMatch(/^ey/);
  });

  it("is refused without being printed when it holds a space", async () => {
    const refused = tokenFor(new URL("https://a.example"), { CONCORD_TOKEN: "s3 cret" });
    await expect(refused).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining("cret") }));
  });
});
