import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { ROOT } from "../local/tool.ts";

const { d: LOCAL } = JSON.parse(LOCAL_TOKEN_KEY) as { readonly d: string };

/** The private member of a JWK of Ed25519, in JSON, TypeScript or TOML, with quotes that are escaped or not. */
const PRIVATE = /(?<![\w.])\\?["']?d\\?["']?\s*[:=]\s*\\?["']([A-Za-z0-9_-]{43})\\?["']/g;

const privateKeysIn = (text: string): string[] => [...text.matchAll(PRIVATE)].map(([, d = ""]) => d);

it("the search finds a private key in each form that it may have", () => {
  const d = "A".repeat(43);
  for (const text of [`"d":"${d}"`, `d: '${d}'`, `{\\"d\\":\\"${d}\\"}`, `d = "${d}"`])
    expect(privateKeysIn(text)).toEqual([d]);
  expect(privateKeysIn(`"x":"${d}","kid":"${d}"`)).toEqual([]);
});

it("no file of the repository holds a private key but the one of local development", () => {
  const files = execFileSync(
    "git",
    ["ls-files", "-z", "*.ts", "*.toml", "*.json", "*.jwk", "*.yaml", "*.yml", "*.mjs", "*.md", "*.pem"],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  const holding = files.split("\0").flatMap((file) => {
    const text = !existsSync(join(ROOT, file)) || file === "" ? "" : readFileSync(join(ROOT, file), "utf8");
    return [...privateKeysIn(text), ...(text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----/g) ?? [])].map((key) => [
      file,
      key,
    ]);
  });
  expect(holding).toEqual([["src/shared/auth/local-key.ts", LOCAL]]);
});

it.each(["api", "devices", "dlq", "ingest", "metrics", "gateway"])(
  "what is deployed as the Worker %s holds no private key but the one of local development",
  async (worker) => {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: [`workers/${worker}/index.ts`],
      external: ["cloudflare:*", "node:*"],
      conditions: ["workerd", "worker", "browser"],
      ...{ bundle: true, format: "esm", target: "es2024", write: false, logLevel: "silent" },
    });
    // Signed with on the page of GraphiQL, which is served locally only.
    expect(privateKeysIn(outputFiles[0]?.text ?? "")).toEqual(worker === "api" ? [LOCAL] : []);
  },
);
