import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { createToken } from "../../local/live-client.ts";
import type { Stack } from "../../local/stack.ts";
import { ROOT } from "../../local/tool.ts";
import { missingSecurityHeaders } from "../support/security-headers.ts";
import { sharedStack } from "../support/shared-stack.ts";

// The API's module also has the entrypoints for other Workers, whose base class only the runtime has.
vi.mock("cloudflare:workers", () => ({ WorkerEntrypoint: class {} }));

type App = { readonly routes: readonly { readonly method: string; readonly path: string }[] };

let stack: Stack;
const apps: Record<string, App> = {};
beforeAll(async () => {
  stack = await sharedStack();
  // By a path that the compiler does not follow: these are typed for a Worker, and this is Node.
  const load = (file: string) => import(join(ROOT, file));
  apps.ingest = (await load("workers/ingest/routes.ts")).routes;
  apps.api = (await load("workers/api/index.ts")).default;
  apps.dlq = (await load("workers/dlq/operations.ts")).operations({ devices: {} });
});

/** The devices Worker and the front door have a few paths each, and no table of them. */
const OTHERS = ["/", "/healthz", "/readyz", "/nowhere", "/live", "/live/healthz", "/live/readyz", "/live/nowhere"];
const FILES = ["/ops/", "/ops/console.js", "/ops/console.css", "/ops/nothing.js"];

const PARAMETERS: Readonly<Record<string, string>> = {
  topic: "device.elt.status.reported",
  key: "elt:walk",
  cluster: "c",
};

/** A route's path with values in place of its parameters. */
const pathOf = (route: string): string =>
  route
    .replace(/:operation\{.*?\}$/, "records")
    .replace(/:(\w+)(\{[^}]*\})?\??/g, (_, name: string) => PARAMETERS[name] ?? "1");

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** The front door reaches these Workers by paths that begin with their segments. */
const isOutside = (path: string): boolean => !["/healthz", "/readyz"].includes(path);

const ops = await signOpsToken({ actor: "walker@example.com", role: "admin" }, LOCAL_TOKEN_SECRET, "10m");
const reader = await createToken({ role: "ops" });
const authorizationFor = (path: string): string => {
  if (path.startsWith("/ops")) return `Bearer ${ops}`;
  return path.startsWith("/graphql") ? `Bearer ${reader}` : `Basic ${btoa("dev:dev")}`;
};

type Asked = { readonly method: string; readonly path: string; readonly body?: string };

/** The status and the security headers that are missing. Streams are left as soon as they have begun. */
async function ask({ method, path, body }: Asked): Promise<{ status: number; missing: string[] }> {
  const leaving = new AbortController();
  const response = await fetch(new URL(path, stack.url), {
    method,
    headers: { Authorization: authorizationFor(path), "Content-Type": "application/json" },
    signal: leaving.signal,
    redirect: "manual",
    ...(body !== undefined && { body }),
  });
  leaving.abort();
  return { status: response.status, missing: missingSecurityHeaders(Object.fromEntries(response.headers)) };
}

const walked = () => {
  const inTables = Object.values(apps).flatMap(({ routes }) => routes.map(({ path }) => path));
  const paths = inTables.filter((path) => !path.includes("*")).map(pathOf);
  return [...new Set([...paths, ...OTHERS, ...FILES])].filter(isOutside);
};

it("every route of every Worker answers every method with the security headers", { timeout: 120_000 }, async () => {
  const paths = walked();
  expect(Object.values(apps).map(({ routes }) => routes.length > 5)).toEqual([true, true, true]);
  expect(paths).toEqual(expect.arrayContaining(["/v3/clusters/c/topics", "/ops/api/runs/1/start", "/graphql"]));
  const faults: object[] = [];
  const statuses = new Set<number>();
  for (const path of paths) {
    const answers = await Promise.all(METHODS.map(async (method) => ({ method, ...(await ask({ method, path })) })));
    for (const { method, status, missing } of answers) {
      statuses.add(status);
      if (missing.length > 0 || status === 500) faults.push({ method, path, status, missing });
    }
  }
  expect(faults).toEqual([]);
  expect([...statuses]).toEqual(expect.arrayContaining([200, 204, 400, 404, 405, 426]));
  console.log(`${paths.length * METHODS.length} requests, statuses ${[...statuses].sort().join(", ")}`);
});

it.each([
  ["/topics/device.elt.status.reported", 413],
  ["/graphql", 413],
  ["/ops/api/plans", 413],
])("a body that is too large for %s is refused with the security headers", async (path, expected) => {
  // Twelve MiB: more than any of them takes.
  const body = `{"query":"${"x".repeat(12 * 1024 * 1024)}"}`;
  const { status, missing } = await askAgainAfterReset({ method: "POST", path, body });
  expect([status, missing]).toEqual([expected, []]);
});

/**
 * A Worker that answers before it has the whole body ends the connection, and then the local runtime now and again resets it,
 * or answers 500 itself, before the Worker's answer has been read.
 */
async function askAgainAfterReset(asked: Asked, attempts = 5): ReturnType<typeof ask> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await ask(asked);
      if (answer.status !== 500 || attempt === attempts) return answer;
    } catch (thrown) {
      const isReset = ((thrown as Error).cause as { code?: string } | undefined)?.code === "ECONNRESET";
      if (!isReset || attempt === attempts) throw thrown;
    }
  }
}
