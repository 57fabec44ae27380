import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Env } from "../../../workers/archive/env.ts";
import worker from "../../../workers/archive/index.ts";
import { ArchiveService } from "../../../workers/archive/service.ts";

const its = env as unknown as Env;
const { ARCHIVE: _, ...without } = its;
const serviceOf = (of: Env) => new ArchiveService(createExecutionContext(), of);
const ask = async (path: string, of: Env) => worker.fetch(new Request(`https://concord.internal${path}`) as never, of);

it("every object says that nothing ever ran in it", async () => {
  const jobs = await serviceOf(its).jobs();
  expect(jobs?.map(({ name, state }) => [name, state])).toEqual([
    ["files", "idle"],
    ["verification", "idle"],
    ["rebuild", "idle"],
  ]);
});

it("without a bucket, every answer says that there is no archive, and the cron trigger does nothing", async () => {
  const service = serviceOf(without);
  expect(await service.jobs()).toBeNull();
  const order = { kind: "compaction", params: {}, actor: "ann" } as const;
  expect(await service.startJob(order)).toEqual({ kind: "no_archive" });
  expect(await service.orderJob("files", "pause", "ann")).toEqual({ kind: "no_archive" });
  const touched: string[] = [];
  const JOBS = { getByName: (name: string) => touched.push(name) } as never;
  await worker.scheduled(createScheduledController() as never, { ...without, JOBS });
  expect(touched).toEqual([]);
});

it("the Worker is ready with a bucket and without, and says which", async () => {
  const on = await ask("/readyz", its);
  expect([on.status, await on.json()]).toMatchObject([200, { checks: { bucket: "ok" }, archive: ["on"] }]);
  const off = await ask("/readyz", without);
  expect([off.status, await off.json()]).toMatchObject([200, { checks: { migrations: "ok" }, archive: ["off"] }]);
  expect((await ask("/other", its)).status).toBe(404);
});

it("the Worker is not ready while the bucket does not answer", async () => {
  const ARCHIVE = { head: () => Promise.reject(new Error("internal error (10001)")) } as unknown as R2Bucket;
  const answer = await ask("/readyz", { ...its, ARCHIVE });
  expect(answer.status).toBe(503);
});
