import { beforeEach, describe, expect, it } from "vitest";
import type { JobAction, JobObjectName, JobOrder, JobOrdered, JobStatus } from "#ops/archive-api.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import { bearerAt, emptyOps, opsOf } from "./support.ts";

const JOBS = "/ops/api/archive/jobs";

const jobOf = (name: JobObjectName, more: Partial<JobStatus> = {}): JobStatus => ({
  name,
  ...{ kind: null, state: "idle", why: null, actor: null, startedAt: null, endedAt: null },
  ...{ steps: 0, report: null, lastDone: {}, lastFailed: {} },
  ...more,
});

/** Remembers what it was asked, and answers every order alike. */
function fakeArchive(ordered: JobOrdered, all: readonly JobStatus[] | null = [jobOf("files"), jobOf("rebuild")]) {
  const asked: unknown[] = [];
  const archive = {
    jobs: async () => all,
    startJob: async (order: JobOrder) => {
      asked.push(order);
      return ordered;
    },
    orderJob: async (...order: [JobObjectName, JobAction, string]) => {
      asked.push(order);
      return ordered;
    },
  } as ArchiveRpc;
  return { archive, asked };
}

const RUNNING = jobOf("files", { kind: "compaction", state: "running" });

async function as(role: "viewer" | "admin", archive?: ArchiveRpc) {
  const headers = await bearerAt(role, "ann@example.com");
  const { ask } = opsOf(archive ? { archive } : {});
  const admin = await bearerAt("admin");
  return {
    get: (path: string) => ask("GET", path, { headers }),
    post: (path: string, body?: unknown) => ask("POST", path, { body, headers }),
    audit: async () => (await ask("GET", "/ops/api/audit?first=1", { headers: admin })).body.audit[0],
  };
}

beforeEach(async () => {
  await emptyOps();
});

describe("the jobs over the archive", () => {
  it("are listed, and one of them is shown by its name", async () => {
    const { get } = await as("viewer", fakeArchive({ kind: "ok", job: RUNNING }).archive);
    expect((await get(JOBS)).body.jobs.map(({ name }: JobStatus) => name)).toEqual(["files", "rebuild"]);
    expect((await get(`${JOBS}/rebuild`)).body).toEqual(jobOf("rebuild"));
    expect((await get(`${JOBS}/nothing`)).body.error).toMatchObject({ code: "not_found" });
  });

  it("are started by an admin, with the actor and an entry in the audit log", async () => {
    const { archive, asked } = fakeArchive({ kind: "ok", job: RUNNING });
    const { post, audit } = await as("admin", archive);
    const { status, body } = await post(`${JOBS}/files`, {
      kind: "compaction",
      params: { day: "2026-11-30" },
      reason: "r",
    });
    expect([status, body]).toEqual([202, RUNNING]);
    expect(asked).toEqual([{ kind: "compaction", params: { day: "2026-11-30" }, actor: "ann@example.com" }]);
    expect(await audit()).toMatchObject({
      ...{ action: "job.start", target: "files", reason: "r" },
      after: { kind: "compaction", params: { day: "2026-11-30" } },
    });
  });

  it.each(["pause", "resume", "cancel"] as const)("take the order to %s, which is in the audit log", async (action) => {
    const { archive, asked } = fakeArchive({ kind: "ok", job: RUNNING });
    const { post, audit } = await as("admin", archive);
    expect((await post(`${JOBS}/files/${action}`)).status).toBe(200);
    expect(asked).toEqual([["files", action, "ann@example.com"]]);
    expect(await audit()).toMatchObject({ action: `job.${action}`, target: "files" });
  });

  it.each([
    [{ kind: "wrong_state", message: "it runs" }, 409, "it runs"],
    [{ kind: "refused", message: "no such day" }, 409, "no such day"],
    [{ kind: "unavailable", message: "R2 does not answer" }, 503, "R2 does not answer"],
    [{ kind: "no_archive" }, 503, "This environment has no archive"],
  ] as const)("say why an order was refused: %j", async (ordered, status, message) => {
    const { post } = await as("admin", fakeArchive(ordered).archive);
    const answer = await post(`${JOBS}/files`, { kind: "compaction" });
    expect([answer.status, answer.body.error.message]).toEqual([status, expect.stringContaining(message)]);
  });

  it.each([{ into: "D1", switch: true }, { into: "live" }])(
    "ask for a reason before a rebuild changes the live state: %j",
    async (params) => {
      const { archive, asked } = fakeArchive({ kind: "ok", job: RUNNING });
      const { post } = await as("admin", archive);
      const { status, body } = await post(`${JOBS}/rebuild`, { kind: "rebuild", params });
      expect([status, body.error.code, asked]).toEqual([400, "invalid_parameter", []]);
      const given = await post(`${JOBS}/rebuild`, { kind: "rebuild", params, reason: "the database was lost" });
      expect(given.status).toBe(202);
      expect((await post(`${JOBS}/rebuild`, { kind: "rebuild", params: { into: "D1" } })).status).toBe(202);
    },
  );

  it("refuse a kind that does not run there, and one that there is not, before anything is asked", async () => {
    const { archive, asked } = fakeArchive({ kind: "ok", job: RUNNING });
    const { post } = await as("admin", archive);
    const wrong = await post(`${JOBS}/rebuild`, { kind: "compaction" });
    expect([wrong.status, wrong.body.error.message]).toEqual([
      400,
      expect.stringContaining("compaction runs as the job files"),
    ]);
    expect((await post(`${JOBS}/files`, { kind: "tidying" })).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it.each([
    ["with no bucket", fakeArchive({ kind: "no_archive" }, null).archive],
    ["with no Worker bound", undefined],
  ] as const)("say in an environment %s that there is no archive", async (_, archive) => {
    const { get, post } = await as("admin", archive);
    for (const answer of [await get(JOBS), await get(`${JOBS}/files`), await post(`${JOBS}/files/pause`)])
      expect([answer.status, answer.body.error.message]).toEqual([503, expect.stringContaining("has no archive")]);
  });
});
