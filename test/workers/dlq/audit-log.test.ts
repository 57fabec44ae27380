import { beforeEach, describe, expect, it } from "vitest";
import { broken, letters } from "./broken-letters.ts";
import { bearerAt, emptyOps, env, opsOf } from "./support.ts";

beforeEach(emptyOps);

describe("the audit log", () => {
  it("refuses updates and deletes", async () => {
    await letters.park([broken("a")]);
    await opsOf().post("/ops/api/discards", { selection: { ids: ["a"] }, reason: "noise" });
    for (const statement of ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"]) {
      await expect(env.DB.exec(statement)).rejects.toThrow("append-only");
    }
  });

  it("has no entry for a change that was refused", async () => {
    const before = (await opsOf().get("/ops/api/audit?first=1")).body.audit[0]?.id;
    await opsOf().post("/ops/api/discards", { selection: { ids: ["nobody"] }, reason: "noise" });
    expect((await opsOf().get("/ops/api/audit?first=1")).body.audit[0]?.id).toBe(before);
  });

  it("is listed in pages, and filtered by actor, target and action", async () => {
    await letters.park([broken("x1"), broken("x2"), broken("x3")]);
    const { post, get } = opsOf();
    const ann = await bearerAt("operator", "ann@example.com");
    for (const id of ["x1", "x2", "x3"])
      await post("/ops/api/discards", { selection: { ids: [id] }, reason: "r" }, ann);
    const first = (await get("/ops/api/audit?actor=ann@example.com&action=letter.discard&first=2")).body;
    expect(first.audit.map(({ target }: { target: string }) => target)).toEqual(["x3", "x2"]);
    const second = (await get(`/ops/api/audit?actor=ann@example.com&first=2&after=${first.nextCursor}`)).body;
    expect(second.audit[0].target).toBe("x1");
    expect((await get("/ops/api/audit?target=x2")).body.audit).toHaveLength(1);
  });
});
