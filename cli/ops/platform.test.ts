import { describe, expect, it } from "vitest";
import { credentialsFor, platformUrl, tokenFor } from "./platform.ts";

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

describe("the credentials", () => {
  const service = { CONCORD_ACCESS_CLIENT_ID: "c1.access", CONCORD_ACCESS_CLIENT_SECRET: "s3cret" };
  const headers = { "CF-Access-Client-Id": "c1.access", "CF-Access-Client-Secret": "s3cret" };
  const url = new URL("https://a.example");

  it("are a token, a service token of Access, or both", async () => {
    expect(await credentialsFor(url, { CONCORD_TOKEN: "t" })).toEqual({ Authorization: "Bearer t" });
    expect(await credentialsFor(url, service)).toEqual(headers);
    expect(await credentialsFor(url, { ...service, CONCORD_TOKEN: "t" })).toEqual({
      ...{ Authorization: "Bearer t" },
      ...headers,
    });
  });

  it("name the variables of both where nothing is set, and refuse half of a service token", async () => {
    await expect(credentialsFor(url, {})).rejects.toThrow(/CONCORD_TOKEN.*CONCORD_ACCESS_CLIENT_ID/);
    await expect(credentialsFor(url, { CONCORD_ACCESS_CLIENT_ID: "c1" })).rejects.toThrow(/go together/);
  });
});
