import { randomInt } from "node:crypto";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { type Clients, connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { ROOT } from "../../local/tool.ts";
import { fuzzArchive, fuzzedRecords } from "../support/fuzz-archive.ts";
import { ARCHIVE_ROUTES } from "../support/fuzz-archive-requests.ts";
import { T } from "../support/rest-proxy.ts";
import { sharedStack } from "../support/shared-stack.ts";

// The operations API's module also has what only the runtime has.
vi.mock("cloudflare:workers", () => ({ WorkerEntrypoint: class {} }));

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
  await clients.push(T, fuzzedRecords());
  await vi.waitFor(async () => expect((await clients.outcomes()).inFlight).toBe(0), { timeout: 20_000 });
});

it("The requests know every route of the archive", async () => {
  const { operations } = await import(join(ROOT, "workers/dlq/operations.ts"));
  const routes: { method: string; path: string }[] = operations({ devices: {} }).routes;
  const of = (method: string) =>
    new Set(
      routes
        .filter((route) => route.method === method && route.path.startsWith("/ops/api/archive/"))
        .map(({ path }) => path.replace("/ops/api", "")),
    );
  expect(of("GET")).toEqual(new Set(ARCHIVE_ROUTES.get));
  expect(of("POST")).toEqual(new Set(ARCHIVE_ROUTES.post));
});

/** `npm run fuzz` does the same for longer, on a platform of its own. */
it("Whatever is asked about earlier times and the archive is answered, or refused with a reason", {
  timeout: 120_000,
}, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
  const report = await fuzzArchive(stack.url, { requests: 400, seed, isOwn: false });
  // Of each question some are answered and some are refused.
  const answered = ["GET /devices/:key 200", "GET /devices/:key/readings 200", "POST device 200", "POST readings 200"];
  expect(report["POST /archive/jobs/: 202"], `seed ${seed}`).toBeGreaterThan(0);
  for (const question of answered) {
    expect(report[question], `seed ${seed}`).toBeGreaterThan(0);
    expect(report[question.replace("200", "refused")], `seed ${seed}`).toBeGreaterThan(0);
  }
});
