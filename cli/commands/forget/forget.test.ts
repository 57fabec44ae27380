import { afterEach, describe, expect, it } from "vitest";
import type { JobStatus } from "#ops/archive-api.ts";
import type { Certificate, ForgetPreview } from "#ops/archive-forgetting.ts";
import { concord, type Surroundings } from "../../../test/support/fake-terminal.ts";
import { type Answers, type OpsStub, startOpsStub } from "../../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

const ID = "2026-11-30-5f0c2a91";
const JOB: JobStatus = {
  ...{ name: "files", kind: "forgetting", state: "running", why: null, actor: "ann" },
  ...{ startedAt: "2026-11-30T12:00:00.000Z", endedAt: null, steps: 4, lastDone: {}, lastFailed: {} },
  report: { phase: "Redacts rows.", done: 3, total: 14, unit: "stages", figures: {}, details: { requestId: ID } },
};
const CERTIFICATE: Certificate = {
  ...{ requestId: ID, customers: ["elt:C-1"], reason: "request 17", requestedBy: "ann" },
  ...{ requestedAt: "2026-11-30T12:00:00.000Z", completedAt: "2026-11-30T12:17:00.000Z" },
  ...{ until: "2026-11-30T12:05:00.000Z", devices: ["elt:t-1"] },
  removed: {
    ...{ devices: 1, databaseRows: 2, objects: 1, historyEvents: 9, lettersRedacted: 0, lettersEmptied: 3 },
    ...{ auditEntries: 0, rawObjects: 1, rawRecords: 2, dayFiles: 4, dayRecords: 8, seriesSegments: 1, seriesLines: 5 },
  },
  files: [{ before: "events/a", after: "events/b", sha256Before: "aa", sha256After: "bb", records: 2 }],
  remains: ["D1 Time Travel: 30 days"],
};

const PREVIEW: ForgetPreview = {
  customers: [
    { customer: "elt:C-1", hasRecord: true, isForgotten: false, devices: 2 },
    { customer: "infinity:C-1", hasRecord: false, isForgotten: false, devices: 1 },
  ],
  isKnown: true,
};
const UNKNOWN: ForgetPreview = {
  customers: [{ customer: "elt:C-9", hasRecord: false, isForgotten: false, devices: 0 }],
  isKnown: false,
};
const ORDERED = ["customer", "C-1", "--source", "elt", "--because", "request 17"];

async function run(args: readonly string[], surroundings: Surroundings = {}) {
  const answers: Answers = {
    "GET /archive/forgets/preview": ({ query }) => ({ json: query.customerId === "C-9" ? UNKNOWN : PREVIEW }),
    "POST /archive/forgets": () => ({ status: 202, json: JOB }),
    "GET /archive/jobs/files": () => ({ json: { ...JOB, state: "done" } }),
    "GET /archive/forgets": () => ({ json: { requests: [CERTIFICATE] } }),
    [`GET /archive/forgets/${ID}`]: () => ({ json: CERTIFICATE }),
  };
  stub = await startOpsStub(answers);
  return concord(["forget", ...args], { url: stub.url, ...surroundings });
}

describe("concord forget", () => {
  it("orders it with its reason, waits for the end, and prints the certificate", async () => {
    const { code, out } = await run([...ORDERED, "--yes"]);
    expect(code).toBe(0);
    expect(JSON.parse(stub?.requests[1]?.body ?? "")).toEqual({
      source: "elt",
      customerId: "C-1",
      reason: "request 17",
    });
    for (const text of ["elt:C-1", "elt:t-1", "3  dead letters, emptied", "events/b  bb", "D1 Time Travel: 30 days"])
      expect(out).toContain(text);
  });

  it("shows what is known of the customer, asks, and starts nothing without a yes", async () => {
    const { code, err, questions } = await run(ORDERED, { answer: "n" });
    expect([code, stub?.routes()]).toEqual([0, ["GET /archive/forgets/preview"]]);
    expect(stub?.requests[0]?.query).toEqual({ source: "elt", customerId: "C-1" });
    expect(questions).toEqual(["Forget the customer C-1 of elt for ever? This cannot be undone. [y/N] "]);
    expect(err).toContain("elt:C-1 is known, and has 2 devices now");
    expect(err).toContain("infinity:C-1 is not known, and has 1 device now");
    expect(err).toContain("nothing was started");
  });

  it("starts nothing for a customer that nothing knows, and says why one may want it all the same", async () => {
    const order = ["customer", "C-9", "--source", "elt", "--because", "r", "--yes"];
    const refused = await run(order);
    expect([refused.code, stub?.routes()]).toEqual([3, ["GET /archive/forgets/preview"]]);
    expect(refused.err).toMatch(/knows no customer C-9 of elt.*archive may still have records.*--even-if-unknown/s);
    await stub?.stop();
    expect((await run([...order, "--even-if-unknown", "--detach"])).code).toBe(0);
    expect(JSON.parse(stub?.requests[1]?.body ?? "")).toMatchObject({ customerId: "C-9", evenIfUnknown: true });
  });

  it("prints what is known and starts nothing with --preview", async () => {
    const { code, out } = await run(["customer", "C-1", "--source", "elt", "--preview", "--json"]);
    expect([code, stub?.routes()]).toEqual([0, ["GET /archive/forgets/preview"]]);
    expect(JSON.parse(out)).toEqual(PREVIEW);
  });

  it.each([
    [["customer", "C-1", "--because", "r", "--yes"], "--source is required"],
    [["customer", "C-1", "--source", "elt", "--yes"], "--because is required"],
    [["customer", "C-1", "--source", "elt", "--because", "r"], "add --yes"],
  ])("%j sends nothing", async (args, message) => {
    const { code, err } = await run(args);
    expect([code, stub?.requests]).toEqual([2, []]);
    expect(err).toContain(message);
  });

  it("lists requests, and prints a certificate", async () => {
    expect((await run(["list"])).out).toMatch(/2026-11-30-5f0c2a91 +elt:C-1 .*ann +request 17/);
    await stub?.stop();
    expect((await run(["certificate", ID])).out).toContain("4  day files of the archive");
  });
});
