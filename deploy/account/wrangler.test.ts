import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { installedWrangler } from "./wrangler.ts";

const folder = mkdtempSync(join(tmpdir(), "concord-wrangler-test-"));

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it("wrangler gets its own login, and none of the secrets that our commands read", async () => {
  const script = join(folder, "wrangler.mjs");
  writeFileSync(script, "console.log(JSON.stringify(process.env))");
  vi.stubEnv("CONCORD_WRANGLER", script);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "a login");
  const ours = [
    ...["CONCORD_ACCESS_CLIENT_SECRET", "CONCORD_SMOKE_CREDENTIAL"],
    ...["CONCORD_TOKEN", "CONCORD_TOKEN_KEY", "CONCORD_TOKEN_SECRET"],
  ];
  for (const name of ours) vi.stubEnv(name, `canary of ${name}`);
  const { stdout } = await installedWrangler({ CLOUDFLARE_ACCOUNT_ID: "an account" })(["whoami"]);
  expect(JSON.parse(stdout)).toMatchObject({ CLOUDFLARE_API_TOKEN: "a login", CLOUDFLARE_ACCOUNT_ID: "an account" });
  expect(stdout).not.toContain("canary");
});
