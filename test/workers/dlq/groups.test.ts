import { beforeEach, describe, expect, it } from "vitest";
import type { Failure } from "#letters/letter.ts";
import { broken, groupOf, letters, nameless } from "./broken-letters.ts";
import { emptyOps, FAILED_MS, letter, opsOf, settlement, TOPIC } from "./support.ts";

beforeEach(emptyOps);

describe("groups", () => {
  it("have the letters of one fingerprint, and exact counts after any statement", async () => {
    await letters.park([broken("a"), broken("b"), letter("c")]);
    await letters.park([broken("a", { failedAtMs: FAILED_MS + 5 })]);
    const { get } = opsOf();
    const { groups } = (await get("/ops/api/groups")).body;
    expect(groups).toHaveLength(2);
    expect(groups[0]).toMatchObject({
      id: await groupOf("a"),
      state: "open",
      signature: `${TOPIC} · schema_mismatch · invalid_type at data.name`,
      letters: 2,
      failures: 3,
      counts: { open: 2, replaying: 0, resolved: 0, discarded: 0, quarantined: 0 },
      firstFailedAt: "2026-11-23T13:00:01.000Z",
      lastFailedAt: "2026-11-23T13:00:01.005Z",
    });
    await letters.claim(["a"], { runId: "r", nowMs: FAILED_MS + 10 });
    await letters.settle([settlement("a"), settlement("b")]);
    expect((await get(`/ops/api/groups/${await groupOf("a")}`)).body).toMatchObject({
      state: "resolved",
      counts: { open: 0, replaying: 0, resolved: 2 },
    });
  });

  it("are resolved by their last waiting letter, and regress with the next failure", async () => {
    await letters.park([broken("a")]);
    await letters.settle([settlement("a")]);
    const state = async () => (await opsOf().get(`/ops/api/groups/${await groupOf("a")}`)).body.state;
    expect(await state()).toBe("resolved");
    await letters.park([broken("b", { failedAtMs: FAILED_MS + 9_000 })]);
    expect(await state()).toBe("regressed");
    await letters.settle([settlement("b", { settledAtMs: FAILED_MS + 10_000 })]);
    expect(await state()).toBe("resolved");
    await letters.park([broken("a", { failedAtMs: FAILED_MS + 11_000 })]);
    expect(await state()).toBe("regressed");
  });

  it("stay ignored when more letters fail", async () => {
    await letters.park([broken("a")]);
    const group = await groupOf("a");
    const { post, get } = opsOf();
    const changed = await post(`/ops/api/groups/${group}/state`, { state: "ignored", note: "a test device" });
    expect(changed.body).toMatchObject({ state: "ignored", note: "a test device", changedBy: "ops" });
    await letters.park([broken("b")]);
    expect((await get(`/ops/api/groups/${group}`)).body).toMatchObject({ state: "ignored", counts: { open: 2 } });
  });

  it("lose a letter that fails for another reason to another group", async () => {
    await letters.park([broken("a")]);
    const first = await groupOf("a");
    await letters.park([broken("a", { failure: { reason: "crash" }, failedAtMs: FAILED_MS + 5 })]);
    const { get } = opsOf();
    expect((await get(`/ops/api/groups/${first}`)).body).toMatchObject({ letters: 0, counts: { open: 0 } });
    expect((await get(`/ops/api/groups/${await groupOf("a")}`)).body).toMatchObject({ letters: 1, failures: 2 });
  });

  it("are listed in pages without a gap, and filtered by state, topic and reason", async () => {
    const failures: Failure[] = [
      nameless,
      { reason: "crash" },
      { reason: "empty_value" },
      { reason: "not_json", message: "" },
    ];
    await letters.park(failures.map((failure, i) => broken(`l${i}`, { failure, failedAtMs: FAILED_MS + i })));
    const { get } = opsOf();
    const seen: string[] = [];
    for (let path = "/ops/api/groups?first=1", more = true; more; ) {
      const { body } = await get(path);
      seen.push(body.groups[0].reason);
      path = `/ops/api/groups?first=1&after=${body.nextCursor}`;
      more = body.nextCursor !== null;
    }
    expect(seen).toEqual(["not_json", "empty_value", "crash", "schema_mismatch"]);
    expect((await get(`/ops/api/groups?reason=crash&state=open&topic=${TOPIC}`)).body.groups).toHaveLength(1);
    expect((await get("/ops/api/groups?status=open")).body.error.code).toBe("invalid_parameter");
  });
});
