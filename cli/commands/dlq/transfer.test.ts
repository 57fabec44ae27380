import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { concordDlq } from "../../../test/support/fake-terminal.ts";
import { type Answers, ndjson, type OpsStub, refusal, startOpsStub } from "../../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-transfer-"));
});
afterEach(async () => {
  await stub?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function concord(answers: Answers, ...args: string[]) {
  await stub?.stop();
  stub = await startOpsStub(answers);
  return concordDlq(args, { url: stub.url });
}

const line = (id: string, value: string | null, more: object = {}) =>
  JSON.stringify({
    concord: "letter/1",
    id,
    record: { topic: "device.elt.profile.updated", key: id, value, ...more },
    failure: { reason: "schema_mismatch", issues: [{ path: "data.name", code: "invalid_type", message: "m" }] },
  });

/** What a careless program would change: spaces, numbers beyond doubles, escapes, separators, a lone surrogate. */
const VALUES = [
  '{ "a" : 1.0, "b": 12345678901234567890, "a": "\\u00e9" }',
  "größe\u2028\u2029\u0085😀\r\n\ttext",
  "\ud800 alone",
  "\u0000\u001b[2J\ufeff",
  "",
  null,
];
const LINES = VALUES.map((value, i) => line(`l-${i}`, value));
// JSON in another style: an export does not write it anew.
LINES.push('{"concord":"letter/1",  "id":"l-x", "record":{"value":"\\u0041\\/"} }');

const EXPORT: Answers = { "GET /export": () => ndjson(LINES) };
const bytesOf = (lines: readonly string[]) => Buffer.from(lines.map((each) => `${each}\n`).join(""));
const END = `{"concord":"end/1","letters":${LINES.length}}`;

describe("an export", () => {
  it("is written byte for byte, readable by its owner only, and imported as the same bytes", async () => {
    const file = join(folder, "letters.ndjson");
    const { code, err } = await concord(EXPORT, "export", "--group", "g-1", "--out", file);
    expect([code, err]).toEqual([0, expect.stringContaining(`${LINES.length} letters written to`)]);
    expect(stub?.requests[0]?.query).toEqual({ group: "g-1" });
    expect(readFileSync(file).equals(bytesOf([...LINES, END]))).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["letters.ndjson"]);

    const imported = await concord(
      { "POST /import": () => ({ json: { imported: LINES.length, known: 0, refused: [] } }) },
      ...["import", file],
    );
    expect([imported.code, imported.err]).toEqual([0, ""]);
    expect(Buffer.from(stub?.requests[0]?.body ?? "").equals(bytesOf([...LINES, END]).subarray(0, -1))).toBe(true);
  });

  it("goes to standard output unchanged", async () => {
    const { out } = await concord(EXPORT, "export");
    expect(out.split("\n")).toEqual([...LINES, END]);
  });

  it.each<[string, Answers]>([
    ["without its last line", { "GET /export": () => ndjson(LINES, false) }],
    [
      "whose connection breaks",
      {
        "GET /export": () => (response) => {
          response.writeHead(200, { "Content-Type": "application/x-ndjson" });
          response.write(`${LINES[0]}\n`, () => setTimeout(() => response.destroy(), 20));
        },
      },
    ],
    ["that is a login page", { "GET /export": () => (response) => response.end("<h1>Log in</h1>") }],
  ])("%s ends with 1, and leaves the existing file unchanged", async (_, answers) => {
    const file = join(folder, "letters.ndjson");
    writeFileSync(file, "yesterday's");
    const { code, err } = await concord(answers, "export", "--out", file, "--overwrite");
    expect([code, err]).toEqual([1, expect.stringMatching(/broke|not with the JSON of the operations API/)]);
    expect(readFileSync(file, "utf8")).toBe("yesterday's");
    expect(readdirSync(folder)).toEqual(["letters.ndjson"]);
  });

  it("does not replace an existing file without --overwrite", async () => {
    const file = join(folder, "letters.ndjson");
    writeFileSync(file, "yesterday's");
    const refused = await concord(EXPORT, "export", "--out", file);
    expect([refused.code, stub?.requests]).toEqual([6, []]);
    expect(readFileSync(file, "utf8")).toBe("yesterday's");
    expect((await concord(EXPORT, "export", "--out", file, "--overwrite")).code).toBe(0);
    expect(readFileSync(file, "utf8")).toContain(LINES[0]);
  });

  it("into a folder that does not exist ends with 1 and one line", async () => {
    const { code, err } = await concord(EXPORT, "export", "--out", join(folder, "no", "file"));
    expect([code, err]).toEqual([1, expect.stringContaining("ENOENT")]);
  });

  it("without letters ends with 3", async () => {
    const { code } = await concord({ "GET /export": () => ndjson([]) }, "export", "--out", join(folder, "f"));
    expect(code).toBe(3);
  });
});

describe("an import", () => {
  const importing = (lines: readonly string[], answers: Answers, ...args: string[]) => {
    const file = join(folder, "in.ndjson");
    writeFileSync(file, bytesOf(lines));
    return concord(answers, "import", file, ...args);
  };
  const accepting: Answers = {
    "POST /import": ({ body }) => ({ json: { imported: body.split("\n").length, known: 0, refused: [] } }),
  };

  it("is sent in requests of at most 200 lines and 4 MB", async () => {
    const big = "x".repeat(3_000_000);
    await importing([...Array.from({ length: 450 }, (_, i) => `${i}`), big, big, big, END], accepting);
    expect(stub?.requests.map(({ body }) => body.split("\n").length)).toEqual([200, 200, 51, 1, 2]);
  });

  it("reports refused lines by their number in the file", async () => {
    let part = 0;
    const refusing: Answers = {
      "POST /import": () => ({
        json: { imported: 1, known: 1, refused: part++ ? [{ line: 3, message: "is bad" }] : [] },
      }),
    };
    const { code, out } = await importing(Array(210).fill("x"), refusing);
    expect([code, out]).toEqual([6, "2 imported, 2 already known, 1 refused\n  line 203: is bad"]);
  });

  it("that is interrupted says what was imported, and that the file can be imported again", async () => {
    let part = 0;
    const { code, err } = await importing(Array(210).fill("x"), {
      "POST /import": () => (part++ ? refusal(503, "Not now.") : { json: { imported: 150, known: 50, refused: [] } }),
    });
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/Not now\.\nUp to line 200, 150 letters imported, 50 already known\.\n.*again/),
    ]);
  });

  it("says when a file does not end as a complete export does", async () => {
    expect((await importing(LINES, accepting)).err).toContain("letters may be missing");
  });

  it("of a file that is not UTF-8 ends with 2, without a stack", async () => {
    const file = join(folder, "in.ndjson");
    writeFileSync(file, Buffer.from([0x7b, 0xff, 0xfe, 0x0a]));
    const { code, err } = await concord(accepting, "import", file);
    expect([code, err]).toEqual([2, expect.stringContaining("is not UTF-8")]);
    expect(stub?.requests).toEqual([]);
  });

  it("by a role without the permission ends with 5", async () => {
    expect((await importing(LINES, { "POST /import": () => refusal(403, "This is for role admin.") })).code).toBe(5);
  });
});

describe("fixtures", () => {
  const TOPIC = "device.elt.profile.updated";
  const read = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), "utf8"));

  it("have the exact text, the reason of the failure, and an index", async () => {
    const headers = [["h", "1"]];
    const lines = [line("l-1", VALUES[1] as string, { headers }), line("l-2", "/w==", { encoding: "base64" })];
    const { code } = await concord({ "GET /export": () => ndjson(lines) }, "fixtures", "--group", "g", "--out", folder);
    expect(code).toBe(0);
    const issues = [{ path: "data.name", code: "invalid_type", message: "m" }];
    const same = { topic: TOPIC, reason: "schema_mismatch", issues };
    expect(read(TOPIC, "l-1.json")).toEqual({ ...same, key: "l-1", value: VALUES[1], headers });
    expect(read(TOPIC, "l-2.json")).toEqual({ ...same, key: "l-2", value: "/w==", encoding: "base64" });
    expect(read("index.json").fixtures).toEqual([
      { path: `${TOPIC}/l-1.json`, id: "l-1", topic: TOPIC, reason: "schema_mismatch" },
      { path: `${TOPIC}/l-2.json`, id: "l-2", topic: TOPIC, reason: "schema_mismatch" },
    ]);
    for (const [i, value] of VALUES.entries()) {
      await concord(
        { "GET /export": () => ndjson([line(`v-${i}`, value)]) },
        "fixtures",
        "--out",
        join(folder, `${i}`),
      );
      expect(read(`${i}`, TOPIC, `v-${i}.json`).value).toBe(value);
    }
  });

  it("are at most as many as --limit says, with a note when there are more", async () => {
    const { err } = await concord(EXPORT, "fixtures", "--out", folder, "--limit", "2");
    expect(readdirSync(join(folder, TOPIC))).toEqual(["l-0.json", "l-1.json"]);
    expect(err).toContain("more letters match");
  });

  it("are not written at all when one of them exists", async () => {
    const three = { "GET /export": () => ndjson(LINES.slice(0, 3)) };
    await concord({ "GET /export": () => ndjson(LINES.slice(2, 3)) }, "fixtures", "--out", folder);
    writeFileSync(join(folder, TOPIC, "l-2.json"), "by hand");
    const refused = await concord(three, "fixtures", "--out", folder);
    expect([refused.code, refused.err]).toEqual([6, expect.stringContaining("No file was written")]);
    expect(readdirSync(join(folder, TOPIC))).toEqual(["l-2.json"]);
    expect(readFileSync(join(folder, TOPIC, "l-2.json"), "utf8")).toBe("by hand");
    expect((await concord(three, "fixtures", "--out", folder, "--overwrite")).code).toBe(0);
    expect(read(TOPIC, "l-2.json").key).toBe("l-2");
  });

  it("stay in their folder and do not overwrite each other, whatever the ids and topics are", async () => {
    const hostile = ["../../up", "..__up", "a/b", "a_b", "", "x".repeat(300)].map((id) =>
      JSON.stringify({ id, record: { topic: "../..", key: null, value: "" }, failure: { reason: "crash" } }),
    );
    const out = join(folder, "out");
    expect((await concord({ "GET /export": () => ndjson(hostile) }, "fixtures", "--out", out)).code).toBe(0);
    expect(readdirSync(folder)).toEqual(["out"]);
    const [topic = ""] = readdirSync(out).filter((name) => name !== "index.json");
    expect(readdirSync(join(out, topic))).toHaveLength(6);
    expect(existsSync(join(folder, "..", "up.json"))).toBe(false);
  });

  it("are not written when the export is incomplete", async () => {
    const { code } = await concord(
      { "GET /export": () => ndjson(LINES.slice(0, 3), false) },
      "fixtures",
      "--out",
      folder,
    );
    expect([code, readdirSync(folder)]).toEqual([1, []]);
  });
});
