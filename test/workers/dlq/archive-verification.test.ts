import { beforeEach, expect, it } from "vitest";
import type { ArchiveRpc } from "#ops/archive-service.ts";
import type { VerificationJson, VerificationQuery } from "#ops/archive-verification.ts";
import { bearerAt, emptyOps, opsOf } from "./support.ts";

const PATH = "/ops/api/archive/verification";
const FOUND: VerificationJson = {
  ...{ buckets: 256, verified: 1, oldestVerifiedAt: "2026-11-30T02:00:00.000Z", differenceCount: 0 },
  ...{ results: [], differences: [] },
};

beforeEach(async () => {
  await emptyOps();
});

async function ask(query: string, found: VerificationJson | null = FOUND) {
  const asked: VerificationQuery[] = [];
  const archive = {
    verification: async (each: VerificationQuery) => {
      asked.push(each);
      return found;
    },
  } as unknown as ArchiveRpc;
  const answer = await opsOf({ archive }).ask("GET", `${PATH}${query}`, { headers: await bearerAt("viewer") });
  return { ...answer, asked };
}

it.each<[string, VerificationQuery]>([
  ["", {}],
  ["?bucket=a7", { bucket: "a7" }],
  ["?device=elt%3A1", { device: "elt:1" }],
])("a viewer reads what verification found, of %j", async (query, wanted) => {
  const { status, body, asked } = await ask(query);
  expect([status, body, asked]).toEqual([200, FOUND, [wanted]]);
});

it.each(["?bucket=g0", "?bucket=1", "?device=nobody:1", "?bucket=00&device=elt:1", "?all"])(
  "%j is refused by the name of what is wrong",
  async (query) => {
    const { status, body, asked } = await ask(query);
    expect([status, body.error.code, asked]).toEqual([400, "invalid_parameter", []]);
  },
);

it("an environment without an archive says so", async () => {
  expect((await ask("", null)).body.error.message).toContain("has no archive");
  const { body } = await opsOf({}).ask("GET", PATH, { headers: await bearerAt("viewer") });
  expect(body.error.message).toContain("has no archive");
});
