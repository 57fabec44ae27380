import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signClaims } from "#auth/sign.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { WINDOW_MS } from "#objects/budget.ts";
import { loggedErrors } from "../../support/logged-faults.ts";
import { OperationsService } from "./main.ts";
import { dealerScope, emptyTables, env, OPS, post, seedDevices, watchStatements } from "./support.ts";

beforeEach(async () => {
  await emptyTables();
  // A test takes less than the seconds that it has then; at the turn of a minute its budget would be full again.
  const restMs = WINDOW_MS - (Date.now() % WINDOW_MS);
  if (restMs < 5_000) await new Promise((resolve) => setTimeout(resolve, restMs));
});
afterEach(() => vi.restoreAllMocks());

const PAGE = "{ devices(first: 100) { edges { node { key } } } }";
const PAGE_COST = 201;
const LIMIT = 5_000;

/** The real objects, counted. Each test has callers of its own. */
function counted(more: object = {}) {
  const asked: string[] = [];
  const getByName = (name: string) => {
    asked.push(name);
    return env.BUDGETS.getByName(name);
  };
  return { asked, its: { ...env, BUDGETS: { getByName }, DEALER_POINTS_A_MINUTE: String(LIMIT), ...more } as never };
}

const tokenOf = (subject: string, scope = dealerScope("D-A")) =>
  signClaims({ ...scope, sub: subject }, LOCAL_TOKEN_SECRET, "1h");

async function ask(token: string, its: never, query = PAGE, accept = "application/json") {
  const response = await post({ query }, { Authorization: `Bearer ${token}`, Accept: accept }, its);
  // biome-ignore lint/suspicious/noExplicitAny: the schema has checked it, and a test says what it expects
  return { status: response.status, headers: response.headers, ...((await response.json()) as any) };
}

describe("a dealer's budget", () => {
  it("is in each answer, less what was spent, and costs one object request for many operations", async () => {
    const { asked, its } = counted({ DEALER_POINTS_A_MINUTE: "60000" });
    const token = await tokenOf("budget-1");
    const left: number[] = [];
    for (let i = 0; i < 25; i++) {
      const { status, extensions } = await ask(token, its);
      expect([status, extensions.concord.cost, extensions.concord.budget.limit]).toEqual([200, PAGE_COST, 60_000]);
      left.push(extensions.concord.budget.remaining);
    }
    expect(left).toEqual(left.map((_, i) => 60_000 - (i + 1) * PAGE_COST));
    expect(asked).toHaveLength(1);
  });

  it.each(["application/json", "application/graphql-response+json"])(
    "that is spent is answered with 429, a wait and nothing read, as %s",
    async (accept) => {
      const { its } = counted();
      const token = await tokenOf(`budget-${accept}`);
      const dear = "{ devices(first: 100) { edges { node { key alerts { edges { node { text } } } } } } }";
      let answer = await ask(token, its, dear, accept);
      expect(answer.status).toBe(200);
      const watched = watchStatements();
      answer = await ask(token, { ...(its as object), DB: watched.env.DB } as never, dear, accept);
      expect([answer.status, answer.data, watched.statements]).toEqual([429, undefined, []]);
      const [error] = answer.errors;
      expect(error.extensions).toMatchObject({
        code: "TOO_MANY_REQUESTS",
        limit: "budget",
        asked: 4_301,
        allowed: 699,
      });
      expect(answer.headers.get("Retry-After")).toBe(String(error.extensions.retryAfterMs / 1_000));
      expect(error.extensions.retryAfterMs).toBeGreaterThan(0);
      expect(error.extensions.retryAfterMs).toBeLessThanOrEqual(60_000);
      expect(answer.extensions.concord.budget).toMatchObject({ limit: LIMIT, remaining: 699 });
      expect(error.extensions).not.toHaveProperty("http");
      expect((await ask(token, its, "{ __typename }", accept)).status).toBe(200);
    },
  );

  it("counts what arrives on sockets too", async () => {
    const { its } = counted();
    const caller = "sub budget-socket";
    const call = { scope: dealerScope("D-A"), expiresAtMs: Date.now() + 60_000, caller, address: "::1", token: null };
    const service = new OperationsService(createExecutionContext(), its);
    const execute = async () =>
      JSON.parse(await service.execute({ ...call, payload: JSON.stringify({ query: PAGE }) }));
    expect((await execute()).extensions.concord.budget.remaining).toBe(LIMIT - PAGE_COST);
    const overHttp = await ask(await tokenOf("budget-socket"), its);
    expect(overHttp.extensions.concord.budget.remaining).toBe(LIMIT - 2 * PAGE_COST);
  });

  it("refuses nobody while its object is out", async () => {
    const lines = loggedErrors();
    const BUDGETS = { getByName: () => ({ lease: () => Promise.reject(new Error("out")) }) };
    await seedDevices({ key: "elt:a", dealers: [[1, "D-A"]] });
    const { status, data, extensions } = await ask(await tokenOf("budget-out"), { ...env, BUDGETS } as never);
    expect([status, data.devices.edges.length, extensions.concord.budget]).toEqual([200, 1, undefined]);
    expect(lines).toMatchObject([{ event: "budget.unavailable" }]);
  });

  it.each([
    ["ops", OPS],
    ["service", { role: "service" } as const],
  ])("is none for role %s", async (_, scope) => {
    const { asked, its } = counted();
    const { extensions } = await ask(await tokenOf("budget-free", scope as never), its);
    expect([extensions.concord.budget, asked]).toEqual([undefined, []]);
  });

  it("is none where the setting is 0, and no setting is below one operation", async () => {
    const { asked, its } = counted({ DEALER_POINTS_A_MINUTE: "0" });
    const token = await tokenOf("budget-none");
    expect([(await ask(token, its)).extensions.concord.budget, asked]).toEqual([undefined, []]);
    for (const value of ["4999", "many", "-1", ""]) {
      const { status, errors } = await ask(token, counted({ DEALER_POINTS_A_MINUTE: value }).its);
      expect([status, errors[0].message]).toEqual([503, expect.stringContaining("DEALER_POINTS_A_MINUTE")]);
    }
  });
});
