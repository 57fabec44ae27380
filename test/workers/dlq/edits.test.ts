import { beforeEach, describe, expect, it } from "vitest";
import type { Letter } from "#letters/letter.ts";
import { admin, broken, changes, groupOf, letters } from "./broken-letters.ts";
import { emptyOps, FAILED_MS, opsOf, recordNamed } from "./support.ts";

beforeEach(emptyOps);

describe("an edit", () => {
  const patch = [{ op: "add", path: "/data/name", value: "Hall" }];

  it("is stored beside the unchanged original, and is what a replay sends", async () => {
    await letters.park([broken("a")]);
    const original = (await letters.find("a"))?.record;
    const ops = opsOf();
    const edited = await ops.patch(
      "/ops/api/dead-letters/a",
      { patch, reason: "the name was lost", revision: 0, unmask: "to see it" },
      await admin(),
    );
    expect(edited.status).toBe(200);
    expect(edited.body).toMatchObject({ revision: 1, payload: original?.value, state: "open" });
    expect(JSON.parse(edited.body.edited).data).toEqual({ model: "M", name: "Hall" });
    expect((await letters.find("a"))?.record).toEqual(original);
    expect((await ops.post("/ops/api/dead-letters/a/replay")).status).toBe(202);
    expect(ops.events.sent[0]?.records).toEqual([{ ...original, value: edited.body.edited, letterId: "a" }]);
    const detail = (await ops.get("/ops/api/dead-letters/a?unmask=look", await admin())).body;
    expect(detail.revisions).toMatchObject([
      { revision: 1, patch, actor: "admin@example.com", reason: "the name was lost" },
    ]);
    expect(detail.audit.map(({ action }: { action: string }) => action)).toEqual([
      "letter.unmask",
      "letter.replay",
      "letter.edit",
      "letter.unmask",
    ]);
  });

  it("keeps the original when the edited record fails again", async () => {
    await letters.park([broken("a")]);
    const original = (await letters.find("a"))?.record;
    const ops = opsOf();
    await ops.patch("/ops/api/dead-letters/a", { patch, reason: "r", revision: 0 }, await admin());
    await ops.post("/ops/api/dead-letters/a/replay");
    const [sent] = ops.events.sent.flatMap(({ records }) => records);
    await letters.park([
      broken("a", { record: sent as Letter["record"], failure: { reason: "crash" }, failedAtMs: FAILED_MS + 90_000 }),
    ]);
    expect(await letters.find("a")).toMatchObject({
      record: original,
      edited: sent?.value,
      reason: "crash",
      failures: 2,
    });
  });

  it.each([
    ["a value that the contract refuses", [{ op: "add", path: "/data/name", value: 7 }], "schema_mismatch"],
    ["another event id", [...patch, { op: "replace", path: "/eventId", value: "z" }], "eventId"],
    ["another time", [...patch, { op: "remove", path: "/occurredAt" }], "occurredAt"],
    [
      "a test that fails",
      [{ op: "test", path: "/data/model", value: "N" }, ...patch],
      "the value there is a different one",
    ],
    ["a path that does not exist", [{ op: "remove", path: "/data/none" }], '"/data/none" does not exist'],
  ])("is refused if its patch has %s, and nothing is stored", async (_, wrong, why) => {
    await letters.park([broken("a")]);
    const before = await letters.find("a");
    const body = { patch: wrong, reason: "r", revision: 0 };
    const answer = await opsOf().patch("/ops/api/dead-letters/a", body, await admin());
    expect([answer.status, answer.body.error.code]).toEqual([422, "not_valid"]);
    expect(answer.body.error.message).toContain(why);
    expect(await letters.find("a")).toEqual(before);
    expect(await changes.findRevisions(["a"])).toEqual(new Map());
  });

  it.each([
    [[{ op: "replace", path: "/__proto__/x", value: 1 }]],
    [[{ op: "add", path: "data/name", value: 1 }]],
    [[{ op: "replace", path: "/data" }]],
    [[]],
    [Array.from({ length: 101 }, () => ({ op: "remove", path: "/data" }))],
  ])("is refused if its patch is malformed: %j", async (wrong) => {
    await letters.park([broken("a")]);
    const answer = await opsOf().patch(
      "/ops/api/dead-letters/a",
      { patch: wrong, reason: "r", revision: 0 },
      await admin(),
    );
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_parameter"]);
  });

  it("is stored once when two are sent at once", async () => {
    await letters.park([broken("a")]);
    const { patch: edit } = opsOf();
    const headers = await admin();
    const names = ["Hall", "Attic", "Cellar"];
    const answers = await Promise.all(
      names.map((name) =>
        edit(
          "/ops/api/dead-letters/a",
          { patch: [{ op: "add", path: "/data/name", value: name }], reason: name, revision: 0 },
          headers,
        ),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await letters.find("a")).toMatchObject({ revision: 1 });
    expect((await changes.findRevisions(["a"])).get("a")).toHaveLength(1);
  });

  it("of a whole group can be previewed, and is stored only for letters that the contract then accepts", async () => {
    const other = recordNamed("c", { value: '{"eventId":"c","occurredAt":"never","deviceId":"d","data":{}}' });
    await letters.park([broken("a"), broken("b"), broken("c", { record: other })]);
    const ops = opsOf();
    const path = `/ops/api/groups/${await groupOf("a")}/edit`;
    const preview = (await ops.post(path, { patch, reason: "names" }, await admin())).body;
    expect(preview).toMatchObject({
      letters: 3,
      pass: 2,
      applied: 0,
      fail: { count: 1, issues: [{ path: "occurredAt", code: "invalid_format" }] },
    });
    expect(preview.samples).toHaveLength(3);
    expect((await letters.find("a"))?.revision).toBe(0);
    expect((await ops.post(path, { patch, reason: "names", apply: true }, await admin())).body).toMatchObject({
      applied: 2,
    });
    expect((await letters.find("b"))?.revision).toBe(1);
    expect((await letters.find("c"))?.revision).toBe(0);
  });
});
