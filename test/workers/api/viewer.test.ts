import { parse } from "graphql";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signClaims } from "#auth/token.ts";
import { executeWithinLimits } from "#graphql/limits/limits.ts";
import { rightsOf } from "#graphql/rights.ts";
import { schema } from "#graphql/schema/index.ts";
import { ask, dealerScope, emptyTables, env, OPS, post, seedDealers } from "./support.ts";

const VIEWER = "{ viewer { role subject expiresAt dealerIds dealers { dealerId name } ownDocuments commands } }";
const COMMANDS = ["ACKNOWLEDGE_ALERT", "SET_DESIRED_STATE"];

async function viewerOf(scope: Scope, sub?: string, its = env) {
  const token = await signClaims({ ...scope, ...(sub !== undefined && { sub }) }, LOCAL_TOKEN_SECRET, "1h");
  const response = await post({ query: VIEWER }, { Authorization: `Bearer ${token}` }, its);
  const expiresAt = new Date((decodeJwt(token).exp ?? 0) * 1_000).toISOString();
  const { data, errors } = (await response.json()) as { data: { viewer: unknown }; errors?: object[] };
  return { viewer: data?.viewer, errors, expiresAt };
}

beforeAll(async () => {
  await emptyTables();
  await seedDealers({ dealerId: "D-1", name: "Arctic Air" }, { dealerId: "D-2", name: "Best Heat" });
});

describe("the viewer", () => {
  it.each([
    ["ops", OPS, "OPS"],
    ["service", { role: "service" } as const, "SERVICE"],
  ])("of a token of role %s has no dealers, and may send its own documents", async (_, scope, role) => {
    const { viewer, errors, expiresAt } = await viewerOf(scope, "alice@example.com");
    expect(errors).toBeUndefined();
    expect(viewer).toEqual({
      role,
      subject: "alice@example.com",
      expiresAt,
      dealerIds: [],
      dealers: [],
      ownDocuments: true,
      commands: COMMANDS,
    });
  });

  it("of a dealer's token has the records of its dealers that there are, each once, and of no others", async () => {
    const { viewer } = await viewerOf(dealerScope("D-1", "D-unknown", "D-1"));
    expect(viewer).toMatchObject({
      role: "DEALER",
      subject: null,
      dealerIds: ["D-1", "D-unknown"],
      dealers: [{ dealerId: "D-1", name: "Arctic Air" }],
      commands: COMMANDS,
    });
  });

  it.each([
    ["dealer", true, false],
    ["dealer", false, true],
    ["ops", true, true],
  ] as const)(
    "of role %s, where dealers send trusted documents only (%s), may send its own: %s",
    async (role, trustedDocumentsOnly, expected) => {
      const scope: Scope = role === "dealer" ? dealerScope("D-1") : { role };
      const rights = rightsOf(scope, { isLocal: false, trustedDocumentsOnly } as ReaderSettings);
      const viewer = () => ({ scope, subject: null, expiresAtMs: 0, rights });
      const asked = { schema, document: parse("{ viewer { ownDocuments } }"), contextValue: { viewer } };
      expect((await executeWithinLimits(asked)).data).toEqual({ viewer: { ownDocuments: expected } });
    },
  );

  it("is answered while the database is out of reach, all but its dealers' records", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const broken = { bind: () => broken, all: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")) };
    const DB = { withSession: () => ({ prepare: () => broken, getBookmark: () => null }) } as unknown as D1Database;
    const { viewer, errors } = await viewerOf(dealerScope("D-1"), "bob", { ...env, DB });
    expect(viewer).toMatchObject({ subject: "bob", dealerIds: ["D-1"], dealers: null });
    expect(errors).toMatchObject([{ path: ["viewer", "dealers"] }]);
  });

  it("costs itself and a page of dealers", async () => {
    const { extensions } = await ask("{ viewer { role dealers { name } } }");
    expect(extensions.concord.cost).toBe(21);
  });
});
