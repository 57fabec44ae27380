import { describe, expect, it } from "vitest";
import { newTokenKey } from "#auth/new-key.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { createCredential } from "../../cli/commands/credential.ts";
import { environmentNames } from "../../deploy/environment.ts";
import { DEVICE_KEY } from "../../deploy/smoke/device.ts";
import { type SmokeTarget, smokeTest } from "../../deploy/smoke/smoke.ts";
import { startStack } from "../../local/stack.ts";

const { entry, signingKey } = await newTokenKey({ may: ["service", "admin"] });
const TOKEN_KEYS = JSON.stringify({ keys: [entry] });

const credentials = (id: string, secret: string) =>
  JSON.stringify([createCredential({ id, secret, may: ["device.elt.registration.*"] })]);

/** What the first step that failed says. */
const problemOf = async (target: SmokeTarget): Promise<string | undefined> =>
  (await smokeTest(target)).steps.find(({ ok }) => !ok)?.problem;

const MUTATION = `mutation {
  setDesiredState(input: { key: "${DEVICE_KEY}", desired: { mode: OFF } }) { outcome userErrors { code } }
}`;

/** Every name that one Worker's config says of another is resolved here, or the stack does not start. */
describe.each(environmentNames())("the wiring of %s", { timeout: 240_000 }, (env) => {
  it("passes the smoke test with that environment's secrets, and with no others", async () => {
    const stack = await startStack({
      env,
      secrets: { INGEST_CREDENTIALS: credentials("smoke", "s3cret"), TOKEN_KEYS },
    });
    try {
      const target = { url: stack.url, credential: "smoke:s3cret", signingKey };
      expect(await problemOf(target)).toBeUndefined();
      expect(await problemOf({ ...target, credential: "dev:dev" })).toMatch(/^POST \/topics\/\S+ .* answered 401/);
      expect(await problemOf({ ...target, signingKey: undefined })).toMatch(/^\S+ \/\S+ was answered 401/);
      const { headers } = await fetch(new URL("/ops/healthz", stack.url));
      expect(headers.get("Strict-Transport-Security")).toBe("max-age=63072000");
      // No smoke test sends a mutation: it is the one binding that it does not use.
      const authorization = `Bearer ${await signToken({ role: "service" }, signingKey, "5m")}`;
      const response = await fetch(new URL("/graphql", stack.url), {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: authorization },
        body: JSON.stringify({ query: MUTATION }),
      });
      expect(await response.json()).toMatchObject({ data: { setDesiredState: { outcome: "APPLIED" } } });
    } finally {
      await stack.stop();
    }
  });

  it("serves nothing with the local secrets", async () => {
    const stack = await startStack({
      env,
      secrets: { INGEST_CREDENTIALS: credentials("dev", "dev"), TOKEN_SECRET: LOCAL_TOKEN_SECRET },
    });
    try {
      for (const path of ["/topics", "/graphql", "/live", "/ops/api/dead-letters", "/ops/api/devices"]) {
        expect((await fetch(new URL(path, stack.url))).status, path).toBe(503);
      }
    } finally {
      await stack.stop();
    }
  });
});
