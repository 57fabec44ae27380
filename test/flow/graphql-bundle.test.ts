import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTool } from "../../local/tool.ts";

/** Ours. The platform's own limit is far away, but every new isolate parses the whole before its first answer. */
const MAX_COMPRESSED_BYTES = 400_000;

let folder: string;
let bundle: string;
let inputs: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-bundle-"));
  const meta = join(folder, "meta.json");
  const { status, stderr } = runTool(
    "wrangler",
    [
      "deploy",
      "--dry-run",
      "-c",
      "workers/api/wrangler.toml",
      "--env",
      "production",
      "--outdir",
      folder,
      "--metafile",
      meta,
    ],
    { env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
  );
  if (status !== 0) throw new Error(stderr);
  bundle = readFileSync(join(folder, "index.js"), "utf8");
  const { outputs } = JSON.parse(readFileSync(meta, "utf8")) as { outputs: Record<string, { inputs: object }> };
  inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the bundle of the GraphQL Worker", () => {
  it("holds one copy of graphql, since one copy does not recognise the errors of another", () => {
    expect(inputs.filter((path) => /\/graphql\/error\/GraphQLError\.\w+$/.test(path))).toHaveLength(1);
    expect(bundle.match(/\bclass \w*GraphQLError extends Error\b/g)).toHaveLength(1);
  });

  it("holds none of the checks that graphql makes in development", () => {
    expect(inputs.filter((path) => path.includes("/graphql/__dev__/"))).toEqual([]);
  });

  it(`has at most ${MAX_COMPRESSED_BYTES / 1_000} kB, compressed`, () => {
    expect(gzipSync(bundle).byteLength).toBeLessThan(MAX_COMPRESSED_BYTES);
  });
});
