import { beforeEach, describe, expect, it } from "vitest";
import type { JobOrder } from "#ops/archive-api.ts";
import type { Certificate, ForgetRequestJson } from "#ops/archive-forgetting.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import { bearerAt, emptyOps, opsOf } from "./support.ts";

const PATH = "/ops/api/archive/forgets";
const REQUEST: ForgetRequestJson = {
  requestId: "2026-11-30-5f0c2a91",
  customers: ["elt:C-1"],
  reason: "request 17",
  requestedBy: "ann",
  requestedAt: "2026-11-30T12:00:00.000Z",
  completedAt: null,
};

async function as(role: "operator" | "admin", hasArchive = true) {
  const asked: JobOrder[] = [];
  const archive = {
    startJob: async (order: JobOrder) => {
      asked.push(order);
      return { kind: "ok", job: { name: "files", kind: "forgetting", state: "running" } };
    },
    forgetRequests: async () => [REQUEST],
    forgetCertificate: async (id: string) =>
      id === REQUEST.requestId ? ({ ...REQUEST, completedAt: "2026-11-30T12:20:00.000Z" } as Certificate) : undefined,
  } as unknown as ArchiveRpc;
  const headers = await bearerAt(role, "ann");
  const { ask } = opsOf(hasArchive ? { archive } : {});
  return {
    asked,
    get: (path: string) => ask("GET", path, { headers }),
    post: (body: unknown) => ask("POST", PATH, { body, headers }),
    audit: async () => (await ask("GET", "/ops/api/audit?first=1", { headers })).body.audit[0],
  };
}

const ORDER = { source: "elt", customerId: "C-1", reason: "request 17" };

beforeEach(async () => {
  await emptyOps();
});

describe("forgetting a customer", () => {
  it("is ordered by an admin, with the actor, the reason and an entry in the audit log", async () => {
    const { asked, post, audit } = await as("admin");
    expect((await post(ORDER)).status).toBe(202);
    const order = { sources: ["elt"], customerId: "C-1", reason: "request 17", actor: "ann" };
    expect(asked).toEqual([{ kind: "forgetting", params: { order }, actor: "ann" }]);
    expect(await audit()).toMatchObject({
      action: "customer.forget",
      target: "customer elt:C-1",
      reason: "request 17",
    });
  });

  it("is refused to an operator, without a reason, and for a source that there is not", async () => {
    const operator = await as("operator");
    expect((await operator.post(ORDER)).status).toBe(403);
    expect((await operator.get(PATH)).status).toBe(403);
    const { post, asked } = await as("admin");
    for (const wrong of [
      { ...ORDER, reason: " " },
      { ...ORDER, source: "kafka" },
      { ...ORDER, customerId: "" },
    ])
      expect((await post(wrong)).status).toBe(400);
    expect(asked).toEqual([]);
  });

  it("has its requests listed, and a certificate once it is done", async () => {
    const { get } = await as("admin");
    expect((await get(PATH)).body).toEqual({ requests: [REQUEST] });
    expect((await get(`${PATH}/${REQUEST.requestId}`)).body).toMatchObject({ customers: ["elt:C-1"] });
    expect((await get(`${PATH}/nothing`)).body.error).toMatchObject({ code: "not_found" });
  });

  it("needs an archive, which keeps the certificate", async () => {
    const { get, post } = await as("admin", false);
    expect((await post(ORDER)).body.error).toMatchObject({ code: "unavailable" });
    expect((await get(PATH)).body.error).toMatchObject({ code: "unavailable" });
  });
});
