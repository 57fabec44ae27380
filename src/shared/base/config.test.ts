import { describe, expect, it } from "vitest";
import * as z from "zod";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { tokenVarsSchema } from "#auth/token-settings.ts";
import { jsonText } from "#json/json-of.ts";
import { configReader, Environment } from "./config.ts";

type Env = { readonly ENVIRONMENT?: string; readonly TOKEN_SECRET?: string; readonly LIST?: string };

let readings = 0;
const read = configReader((env: Env) => {
  readings++;
  return z.object({
    ENVIRONMENT: Environment,
    ...tokenVarsSchema({ ENVIRONMENT: "", ...env }, ["TOKEN_SECRET"]),
    LIST: jsonText(z.array(z.int())).optional(),
  });
});

describe("a Worker's settings", () => {
  it("name every bad variable at once, and no value", () => {
    expect(read({ ENVIRONMENT: "Local", TOKEN_SECRET: "s3cret", LIST: '["s3cret"]' })).toEqual({
      ok: false,
      problems: [
        "ENVIRONMENT: must be the name of an environment, such as local or production",
        "TOKEN_SECRET: must have at least 32 characters; set another with `wrangler secret put TOKEN_SECRET`",
        expect.stringMatching(/^LIST\.0: (?!.*s3cret)/),
      ],
    });
    expect(read({ ENVIRONMENT: "local", TOKEN_SECRET: "s", LIST: "[" })).toEqual({
      ok: false,
      problems: ["LIST: is not JSON"],
    });
  });

  it.each([
    ["local", LOCAL_TOKEN_SECRET, true],
    ["local", "short", true],
    ["local", "", false],
    ["local", undefined, false],
    ["staging", LOCAL_TOKEN_SECRET, false],
    ["production", LOCAL_TOKEN_SECRET, false],
    ["preview", LOCAL_TOKEN_SECRET, false],
    ["preview", "s".repeat(32), true],
    ["production", "s".repeat(31), false],
    ["production", "s".repeat(32), true],
    [undefined, LOCAL_TOKEN_SECRET, false],
  ])("in %s accept the secret %j: %j", (ENVIRONMENT, TOKEN_SECRET, ok) => {
    const env = { ...(ENVIRONMENT && { ENVIRONMENT }), ...(TOKEN_SECRET !== undefined && { TOKEN_SECRET }) };
    expect(read(env).ok).toBe(ok);
  });

  it("are parsed once for each env", () => {
    const env = { ENVIRONMENT: "local", TOKEN_SECRET: "s" };
    const before = readings;
    expect(read(env)).toBe(read(env));
    read({ ...env });
    expect(readings - before).toBe(2);
  });
});
