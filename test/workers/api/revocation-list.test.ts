import { describe, expect, it } from "vitest";
import { currentRevocations, MAX_AGE_MS } from "#repositories/current-revocations.ts";

type Answer = readonly string[] | Error | "never";

/** A D1 that answers a read of the list, and its clock. */
function world(answer: Answer) {
  const seen = { reads: 0, faults: [] as (number | null)[] };
  const its = { answer, nowMs: 1_000_000 };
  const all = async () => {
    seen.reads++;
    if (its.answer === "never") return new Promise(() => {});
    if (its.answer instanceof Error) throw its.answer;
    return { results: its.answer.map((id) => ({ id, revokedAtMs: 5_000, untilMs: 9, revokedBy: "a", reason: "r" })) };
  };
  const db = { withSession: () => ({ prepare: () => ({ bind: () => ({ all }) }) }) } as unknown as D1Database;
  const read = () =>
    currentRevocations({ db, now: () => its.nowMs, onFault: (_, ageMs) => void seen.faults.push(ageMs) });
  const isRevoked = async (jti: string) => (await read()).has({ jti, sub: null, issuedAtS: null });
  return { its, seen, read, isRevoked };
}

describe("the list of revoked tokens", () => {
  it("is read once for all requests of twenty seconds", async () => {
    const { its, seen, isRevoked } = world(["token:a"]);
    for (let request = 0; request < 1_000; request++) {
      its.nowMs += 19;
      expect(await isRevoked("a")).toBe(true);
    }
    expect(seen.reads).toBe(1);
    its.nowMs += 2_000;
    await isRevoked("a");
    expect(seen.reads).toBe(2);
  });

  it("is never older than half a minute, however long nobody asked", async () => {
    const { its, isRevoked } = world([]);
    expect(await isRevoked("a")).toBe(false);
    its.answer = ["token:a"];
    its.nowMs += MAX_AGE_MS;
    // Neither goes by the old list: not the one that reads anew, and not the one beside it.
    expect(await Promise.all([isRevoked("a"), isRevoked("a")])).toEqual([true, true]);
  });

  it("is read by one of the requests that come at the same time; the others go on with the old one", async () => {
    const { its, seen, isRevoked } = world([]);
    await isRevoked("a");
    its.nowMs += 25_000;
    await Promise.all(Array.from({ length: 50 }, () => isRevoked("a")));
    expect(seen.reads).toBe(2);
  });

  it("counts on while D1 does not answer, which is asked every five seconds", async () => {
    const { its, seen, isRevoked } = world(["token:a"]);
    await isRevoked("a");
    its.answer = new Error("D1_ERROR: Network connection lost.");
    for (let second = 0; second < 3_600; second++) {
      its.nowMs += 1_000;
      expect(await isRevoked("a")).toBe(true);
    }
    expect(seen.reads).toBeLessThanOrEqual(1 + 3_600 / 5);
    expect(seen.faults.at(-1)).toBeGreaterThan(3_500_000);
    its.answer = [];
    its.nowMs += 5_000;
    expect(await isRevoked("a")).toBe(false);
  });

  it("is empty for an isolate that could never read it, and waits a second for a D1 that hangs", async () => {
    const { its, seen, isRevoked } = world("never");
    const startedMs = Date.now();
    expect(await isRevoked("a")).toBe(false);
    expect(Date.now() - startedMs).toBeLessThan(10_000);
    its.nowMs += 1_000;
    expect(await isRevoked("a")).toBe(false);
    expect([seen.reads, seen.faults]).toEqual([1, [null]]);
  });
});

describe("a revocation of a subject", () => {
  it("is of tokens that were issued until then, and not of later ones or of others'", async () => {
    const revoked = await world(["subject:ann"]).read();
    const has = (sub: string | null, issuedAtS: number | null) => revoked.has({ jti: "j", sub, issuedAtS });
    expect([has("ann", 4), has("ann", 5), has("ann", null)]).toEqual([true, true, true]);
    expect([has("ann", 6), has("bob", 4), has(null, 4)]).toEqual([false, false, false]);
  });
});
