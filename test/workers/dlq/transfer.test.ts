import { beforeEach, describe, expect, it } from "vitest";
import type { StoredLetter } from "#letters/repositories/dead-letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { bearerAt, emptyOps, env, FAILED_MS, letter, opsOf, recordNamed, settlement } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);

beforeEach(emptyOps);

const VALUES = [
  '{"eventId":"x\\u0000y","n":9007199254740993,"s":"\u0000\ud800 é 😀 \u2028 \\" , ; \t"}',
  ' { "a" : 1.0 }\r\n',
  '"line\\nfeed, and a comma"',
  "not, json\n\n",
  "",
];

describe("an export", () => {
  it("is imported elsewhere byte by byte as it was", async () => {
    const records = VALUES.map((value, i) =>
      recordNamed(`e${i}`, { value, headers: [["h", "\u0000"]], partition: i, offset: 2 ** 53 - 1 }),
    );
    records.push(
      recordNamed("tombstone", { value: null }),
      recordNamed("bytes", { key: "/w==", keyEncoding: "base64", value: "AP+A", encoding: "base64" }),
    );
    await letters.park(
      records.map((record, i) => letter(`l${i}`, { record, failedAtMs: FAILED_MS + i, traceparent: "00-t" })),
    );
    await letters.settle([settlement("l0")]);
    await letters.claim(["l1"], { runId: "r", nowMs: FAILED_MS + 50 });
    const before = await Promise.all(records.map(async (_, i) => (await letters.find(`l${i}`)) as StoredLetter));
    const { get, post } = opsOf();
    const admin = await bearerAt("admin");
    const { text, headers } = await get("/ops/api/export", admin);
    expect(headers.get("Content-Type")).toContain("application/x-ndjson");
    const lines = text.trimEnd().split("\n");
    expect([lines.length, lines.at(-1)]).toEqual([
      records.length + 1,
      `{"concord":"end/1","letters":${records.length}}`,
    ]);

    await emptyOps();
    expect((await post("/ops/api/import", text, admin)).body).toEqual({
      imported: records.length,
      known: 0,
      refused: [],
    });
    const after = await Promise.all(records.map(async (_, i) => (await letters.find(`l${i}`)) as StoredLetter));
    const bare = (all: typeof before) =>
      all
        .map(({ runId: _, replayedAtMs: __, ...letter }) => ({
          ...letter,
          state: letter.state === "replaying" ? "open" : letter.state,
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(bare(after)).toEqual(bare(before));
    // Imported again, known letters stay as they are.
    expect((await post("/ops/api/import", text, admin)).body).toEqual({
      imported: 0,
      known: records.length,
      refused: [],
    });
  });

  it("has the letters that a filter selects, over many pages", async () => {
    await letters.park(Array.from({ length: 250 }, (_, i) => letter(`l${i}`, { failedAtMs: FAILED_MS + i })));
    await letters.park([letter("other", { failure: { reason: "crash" } })]);
    const { get } = opsOf();
    const { text } = await get("/ops/api/export?reason=not_json", await bearerAt("admin"));
    const ids = text
      .trimEnd()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line).id);
    expect([ids.length, new Set(ids).size, ids.includes("other")]).toEqual([250, 250, false]);
  });

  it("is imported line by line: the answer names the refused lines, and the others are stored", async () => {
    await letters.park([letter("a")]);
    const { get, post } = opsOf();
    const admin = await bearerAt("admin");
    const [text = ""] = (await get("/ops/api/export", admin)).text.split("\n");
    await emptyOps();
    const lines = ["{oops", '{"concord":"letter/2"}', "", text, text.replace('"failures":1', '"failures":0')];
    const { body } = await post("/ops/api/import", lines.join("\n"), admin);
    expect(body).toMatchObject({ imported: 1, known: 0 });
    expect(body.refused.map(({ line }: { line: number }) => line)).toEqual([1, 2, 5]);
    expect(body.refused[1].message).toContain("letter/1");
    const { audit } = (await get("/ops/api/audit?first=1", admin)).body;
    expect(audit[0]).toMatchObject({ action: "import", after: { imported: 1, refused: 3 } });
  });

  it.each(["Zg", "Z g=", "Zg==\n", "@@@@"])("is refused if its base64 is %j, as at the boundary", async (value) => {
    await letters.park([letter("a", { record: recordNamed("a", { value: "Zg==", encoding: "base64" }) })]);
    const { get, post } = opsOf();
    const admin = await bearerAt("admin");
    const [text = ""] = (await get("/ops/api/export", admin)).text.split("\n");
    await emptyOps();
    const bad = text.replace('"Zg=="', JSON.stringify(value));
    const { body } = await post("/ops/api/import", [bad, text].join("\n"), admin);
    expect(body).toMatchObject({ imported: 1, refused: [{ line: 1, message: "record.value is not base64" }] });
  });
});
