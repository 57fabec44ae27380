import { beforeEach, describe, expect, it } from "vitest";
import { customerTombstone } from "#domain/forgotten.ts";
import type { Registers } from "#domain/party.ts";
import type { JobOrder } from "#ops/archive-api.ts";
import type { Certificate, ForgetRequestJson } from "#ops/archive-forgetting.ts";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import { bearerAt, emptyOps, env, opsOf } from "./support.ts";

const PATH = "/ops/api/archive/forgets";
const REQUEST: ForgetRequestJson = {
  requestId: "2026-11-30-5f0c2a91",
  customers: ["elt:C-1"],
  reason: "request 17",
  requestedBy: "ann",
  requestedAt: "2026-11-30T12:00:00.000Z",
  completedAt: null,
};

async function as(role: "operator" | "admin", hasArchive = true, registers?: Registers) {
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
  const { ask } = opsOf({ ...(hasArchive && { archive }), ...(registers && { registers }) });
  return {
    asked,
    get: (path: string) => ask("GET", path, { headers }),
    post: (body: unknown, path = PATH) => ask("POST", path, { body, headers }),
    audit: async () => (await ask("GET", "/ops/api/audit?first=1", { headers })).body.audit[0],
  };
}

const ORDER = { source: "elt", customerId: "C-1", reason: "request 17" };

const putCustomer = (id: string, source: string, value: object = { customerId: id, name: "Ann Example" }) =>
  env.DB.prepare("INSERT INTO customer_records VALUES (?, ?, 'v', ?, 'Ann Example')")
    .bind(id, source, JSON.stringify(value))
    .run();
const putDevice = (key: string, customerId: string) =>
  env.DB.prepare(
    "INSERT INTO devices (key, customer_id, aspects, latest, revision, status, updated_on) VALUES (?, ?, '{}', 'v', 1, 'REGISTERED', '')",
  )
    .bind(key, customerId)
    .run();

beforeEach(async () => {
  await emptyOps();
  for (const table of ["customer_records", "customers", "devices", "forgotten"])
    await env.DB.exec(`DELETE FROM ${table} WHERE true`);
  await putCustomer("C-1", "elt");
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

  it("that nothing knows is refused, with a reason why somebody may want it, unless the order says so", async () => {
    const { asked, post, audit } = await as("admin");
    const before = await audit();
    for (const unknown of [
      { ...ORDER, customerId: "C-2" },
      { ...ORDER, source: "ecobee" },
    ]) {
      const { status, body } = await post(unknown);
      expect([status, body.error.code]).toEqual([404, "not_found"]);
      expect(body.error.message).toMatch(/typing error.*archive may still have records/s);
    }
    expect([asked, await audit()]).toEqual([[], before]);
    expect((await post({ ...ORDER, customerId: "C-2", evenIfUnknown: true })).status).toBe(202);
    expect(asked).toMatchObject([{ params: { order: { customerId: "C-2" } } }]);
  });

  it("is ordered there alone: as a job, it would be in anybody's name, of any id, and wait for no consumer", async () => {
    const { asked, post, audit } = await as("admin");
    const before = await audit();
    const order = { sources: ["elt"], customerId: "typo", reason: "r", actor: "bob", waitMs: 0 };
    const { status, body } = await post({ kind: "forgetting", params: { order } }, "/ops/api/archive/jobs/files");
    expect([status, body.error.code]).toEqual([400, "invalid_parameter"]);
    expect(body.error.message).toContain("POST /ops/api/archive/forgets");
    expect([asked, await audit()]).toEqual([[], before]);
    // What is noted and not redacted yet.
    expect((await post({ kind: "forgetting" }, "/ops/api/archive/jobs/files")).status).toBe(202);
    expect(asked).toEqual([{ kind: "forgetting", params: {}, actor: "ann" }]);
  });

  it("shows before whether each source knows the customer, and how many devices it has, without a name", async () => {
    await putDevice("elt:t-1", "C-1");
    await putDevice("elt:t-2", "C-1");
    await putDevice("elt:t-3", "C-10");
    await putDevice("eltx:t-4", "C-1");
    await putDevice("ecobee:t-5", "C-3");
    const { get } = await as("admin", true, [["elt", "infinity"]]);
    const previewOf = async (customerId: string, source = "elt") =>
      (await get(`${PATH}/preview?source=${source}&customerId=${customerId}`)).body;
    const known = { hasRecord: true, isForgotten: false, devices: 2 };
    const unknown = { hasRecord: false, isForgotten: false, devices: 0 };
    expect(await previewOf("C-1")).toEqual({
      customers: [
        { customer: "elt:C-1", ...known },
        { customer: "infinity:C-1", ...unknown },
      ],
      isKnown: true,
    });
    expect(await previewOf("C-1", "ecobee")).toEqual({
      customers: [{ customer: "ecobee:C-1", ...unknown }],
      isKnown: false,
    });
    // A device may name a customer whose record never came, and a record may be from before sources were stored.
    expect(await previewOf("C-3", "ecobee")).toMatchObject({ isKnown: true, customers: [{ ...unknown, devices: 1 }] });
    await putCustomer("C-4", "");
    expect(await previewOf("C-4", "ecobee")).toMatchObject({ isKnown: true });
    await env.DB.prepare("INSERT INTO forgotten VALUES ('customer ecobee:C-5', 1, 'r', 1)").run();
    await putCustomer("C-5", "ecobee", customerTombstone("C-5").value);
    expect(await previewOf("C-5", "ecobee")).toMatchObject({ isKnown: true, customers: [{ isForgotten: true }] });
  });

  it("is refused to an operator, without a reason, and for a source that there is not", async () => {
    const operator = await as("operator");
    expect((await operator.post(ORDER)).status).toBe(403);
    for (const path of [PATH, `${PATH}/preview?source=elt&customerId=C-1`])
      expect((await operator.get(path)).status).toBe(403);
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
    expect((await get(`${PATH}/preview?source=elt&customerId=C-1`)).body.error).toMatchObject({ code: "unavailable" });
    expect((await post(ORDER)).body.error).toMatchObject({ code: "unavailable" });
    expect((await get(PATH)).body.error).toMatchObject({ code: "unavailable" });
  });
});
