import { readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
// The local platform, which wrangler brings. Wrangler itself wraps Workers so that none of them throws.
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../local/tool.ts";
import { missingSecurityHeaders } from "../support/security-headers.ts";

const BEHIND = ["INGEST", "API", "LIVE", "DLQ", "METRICS", "ARCHIVE"];

/** The real front door, before Workers that throw. */
let url: URL;
let platform: Miniflare;
beforeAll(async () => {
  const script = await readFile(join(ROOT, "test/flow/stand-ins/worker.js"), "utf8");
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "workers/gateway/index.ts")],
    ...{ bundle: true, format: "esm", target: "es2024", write: false },
  });
  const each = { modules: true, compatibilityDate: "2026-11-01" };
  const options = convertV4MiniflareOptions({
    workers: [
      {
        ...each,
        name: "front-door",
        script: outputFiles[0]?.text ?? "",
        bindings: { ENVIRONMENT: "local" },
        serviceBindings: Object.fromEntries(BEHIND.map((name) => [name, "stand-in"])),
      },
      { ...each, name: "stand-in", script },
    ],
  });
  platform = new Miniflare(options);
  url = await platform.ready;
});
afterAll(() => platform?.dispose());

type Raw = { readonly path: string; readonly method?: string; readonly headers?: Record<string, string> };
type Answer = {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
};

/** A request whose target is sent as it is written: no client tidies it up. */
const ask = ({ path, method = "GET", headers = {} }: Raw): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sending = request({ host: url.hostname, port: url.port, path, method, headers }, async (response) => {
      let text = "";
      try {
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
      } catch {
        text += " (broken off)";
      }
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    sending.on("error", reject);
    sending.end();
  });

describe("a Worker that throws behind the front door", () => {
  it.each([
    {
      path: "/topics/x",
      method: "POST",
      shape: { error_code: 500, message: expect.stringContaining("send the request again") },
    },
    { path: "/graphql", method: "POST", shape: { errors: [{ extensions: { code: "INTERNAL_SERVER_ERROR" } }] } },
    { path: "/live?device=elt:1", method: "GET", shape: { error: { code: "INTERNAL" } } },
    { path: "/ops/api/me", method: "GET", shape: { error: { code: "internal" } } },
    { path: "/ops/null", method: "GET", shape: { error: { code: "internal" } } },
  ])("is answered for at $path with JSON, an id and no detail", async ({ path, method, shape }) => {
    const { status, headers, text } = await ask({ path, method });
    expect([status, missingSecurityHeaders(headers)]).toEqual([500, []]);
    expect(JSON.parse(text)).toMatchObject(shape);
    expect(text).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
    expect(text).not.toMatch(/secret|SELECT|TypeError|stand-ins/);
  });

  it("is not ready, and the front door says which", async () => {
    const { status, headers, text } = await ask({ path: "/readyz" });
    expect([status, missingSecurityHeaders(headers)]).toEqual([503, []]);
    expect(JSON.parse(text).workers).toMatchObject({ metrics: { status: "does not answer" } });
  });

  it("has the security headers on what it began to send before, on a redirect and on a refusal", async () => {
    const half = await ask({ path: "/ops/half" });
    expect([half.status, half.text, missingSecurityHeaders(half.headers)]).toEqual([
      200,
      "half of it (broken off)",
      [],
    ]);
    for (const [path, expected] of [
      ["/ops/redirect", 302],
      ["/graphql/refused", 429],
    ] as const) {
      const { status, headers } = await ask({ path });
      expect([status, missingSecurityHeaders(headers)]).toEqual([expected, []]);
    }
  });
});

describe("the target of a request", () => {
  it.each([
    ["/topics/../ops/echo", "/ops/echo"],
    ["/ops/%2e%2e/graphql/echo", "/graphql/echo"],
    ["/ops\\echo", "/ops/echo"],
    ["/ops/%2Fechos/echo?a=/graphql", "/ops/%2Fechos/echo"],
  ])("%s reaches the Worker of the path that it means", async (path, meant) => {
    expect(JSON.parse((await ask({ path })).text)).toMatchObject({ pathname: meant });
  });

  it.each(["//ops/echo", "/ops%2Fecho", "/%6fps/echo", "/metrics/echo", "/readyz/echo", "/concord-metrics/echo"])(
    "%s reaches none",
    async (path) => {
      const { status, text } = await ask({ path });
      expect([status, JSON.parse(text).error.code]).toEqual([404, "NOT_FOUND"]);
    },
  );

  it.each<Raw>([
    { path: "http://concord.internal/readyz" },
    { path: "/readyz", headers: { Host: "concord.internal" } },
    { path: "/readyz", headers: { "X-Forwarded-Host": "concord.internal", "X-Original-URL": "/ops/echo" } },
    {
      path: "/readyz",
      headers: { "CF-Worker": "concord-metrics" },
    },
  ])("of another host reaches no other Worker: %j", async (raw) => {
    const { status, text } = await ask(raw);
    expect([status, text]).not.toEqual([200, expect.stringContaining("pathname")]);
  });
});
