import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { targetFrom } from "./options.ts";

const URL_OF_STAGING = ["--url", "https://concord.example"];
const ENV = { CONCORD_SMOKE_CREDENTIAL: "smoke:s3cret", CONCORD_TOKEN_KEY: '{"d":"s3cret"}' };

it("needs nothing for a local platform", () => {
  expect(targetFrom([], {})).toMatchObject({
    url: new URL("http://localhost:8787"),
    credential: "dev:dev",
    signingKey: undefined,
    headers: {},
    json: false,
  });
});

it("takes credential, key and headers from the environment and the command", () => {
  const access = { CONCORD_ACCESS_CLIENT_ID: "c1.access", CONCORD_ACCESS_CLIENT_SECRET: "t0ken" };
  const version = 'concord-api-staging="dc8dcd28-271b-4367-9840-6c244f84cb40"';
  const args = [...URL_OF_STAGING, "--json", "--header", `Cloudflare-Workers-Version-Overrides: ${version}`];
  expect(targetFrom(args, { ...ENV, ...access })).toEqual({
    url: new URL("https://concord.example"),
    credential: "smoke:s3cret",
    signingKey: ENV.CONCORD_TOKEN_KEY,
    headers: {
      "CF-Access-Client-Id": "c1.access",
      "CF-Access-Client-Secret": "t0ken",
      "Cloudflare-Workers-Version-Overrides": version,
    },
    json: true,
  });
});

it("reads the key from a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "concord-key-"));
  try {
    const path = join(folder, "key.json");
    writeFileSync(path, `${ENV.CONCORD_TOKEN_KEY}\n`);
    const { signingKey } = targetFrom(URL_OF_STAGING, { ...ENV, CONCORD_TOKEN_KEY: path });
    expect(signingKey).toBe(ENV.CONCORD_TOKEN_KEY);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("signs with the former secret where there is no key", () => {
  const env = { CONCORD_SMOKE_CREDENTIAL: "smoke:s3cret", CONCORD_TOKEN_SECRET: "a-former-secret" };
  expect(targetFrom(URL_OF_STAGING, env)).toMatchObject({ signingKey: "a-former-secret" });
});

it.each<[string, string[], Record<string, string>, RegExp]>([
  ["no credential", URL_OF_STAGING, { CONCORD_SMOKE_CREDENTIAL: "" }, /Set CONCORD_SMOKE_CREDENTIAL/],
  ["a credential without a secret", URL_OF_STAGING, { CONCORD_SMOKE_CREDENTIAL: "s3cret" }, /to id:secret/],
  ["no key", URL_OF_STAGING, { CONCORD_TOKEN_KEY: "" }, /Set CONCORD_TOKEN_KEY/],
  ["a key's file that is not there", URL_OF_STAGING, { CONCORD_TOKEN_KEY: "/nowhere/s3cret" }, /file that can be read/],
  ["half a service token", URL_OF_STAGING, { CONCORD_ACCESS_CLIENT_SECRET: "s3cret" }, /go together/],
  ["an address that is none", ["--url", "concord"], {}, /--url has to be an address/],
  ["an address without TLS", ["--url", "http://concord.example"], {}, /such as https:/],
  ["a password in the address", ["--url", "https://a:s3cret@concord.example"], {}, /without a password/],
  ["a header without a value", [...URL_OF_STAGING, "--header", "s3cret"], {}, /'Name: value'/],
  ["an unknown option", ["--env", "staging"], {}, /Unknown option/],
])("with %s nothing is sent, and no secret repeated", (_, args, env, says) => {
  const call = () => targetFrom(args, { ...ENV, ...env });
  expect(call).toThrow(says);
  expect(call).not.toThrow(/s3cret/);
});
