import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { cellsOf, fixture, readAll } from "./fixture.ts";

const csv = (text: string | Uint8Array, name = "t.csv") => readAll(fixture(name, text));
/** The one cell of a file with the column A and another one. */
const cell = async (field: string, format = {}) => {
  const [row] = await readAll(fixture("t.csv", `A,B\n${field},x\n`), { csv: format });
  return row?.kind === "row" ? row.cells.A : row;
};

describe("null in CSV", () => {
  it.each<[string, string | null, string]>([
    ["\\N", null, "Snowflake's default"],
    ['"\\N"', "\\N", "quoted: the text"],
    ["", null, "an empty field"],
    ['""', "", "a quoted empty field: the empty text"],
    ["NULL", "NULL", "a word that nobody named"],
    [" ", " ", "a space is no empty field"],
    ["\\n", "\\n", "case counts"],
  ])("%s is %j: %s", async (field, value) => {
    expect(await cell(field)).toBe(value);
  });

  it("is what the mapping names", async () => {
    const nullIf = ["NULL", "n/a"];
    expect(await cell("NULL", { nullIf })).toBeNull();
    expect(await cell("n/a", { nullIf })).toBeNull();
    expect(await cell('"n/a"', { nullIf })).toBe("n/a");
    expect(await cell("\\N", { nullIf })).toBe("\\N");
    expect(await cell("", { nullIf, emptyIsNull: false })).toBe("");
  });
});

describe("quoting in CSV", () => {
  it.each([
    ['"a,b"', {}, "a,b"],
    ['"say ""hi"""', {}, 'say "hi"'],
    ['"two\nlines"', {}, "two\nlines"],
    ['"a\\"b"', { escape: "\\" }, 'a"b'],
    ['"a\\\\b"', { escape: "\\" }, "a\\b"],
    ["'a,b'", { quote: "'" }, "a,b"],
    ['say "hi"', { quote: null }, 'say "hi"'],
    ['"é 雪 😀"', {}, "é 雪 😀"],
  ])("%j with %j is %j", async (field, format, value) => {
    expect(await cell(field, format)).toBe(value);
  });

  it("that is broken makes its row unreadable, names its line, and leaves the others as they are", async () => {
    const rows = await csv('A,B\n1,"x\ny"\n2,x"y"z\n3,"x"y\n4,z\n');
    expect(cellsOf(rows)).toEqual([
      { A: "1", B: "x\ny" },
      "line 4: a quote begins inside of a field that is not quoted",
      "line 5: something follows the closing quote of a field",
      { A: "4", B: "z" },
    ]);
    expect(rows.map(({ number, place }) => [number, place])).toEqual([
      [1, "line 2"],
      [2, "line 4"],
      [3, "line 5"],
      [4, "line 6"],
    ]);
  });

  it("that is never closed is said with the line where it began", async () => {
    expect(cellsOf(await csv('A,B\n1,x\n2,"y\n3,z\n'))).toEqual([
      { A: "1", B: "x" },
      "line 3: a quote is opened and never closed",
    ]);
    await expect(csv(`A,B\n1,x\n2,"y\n${"3,z\n".repeat(1_200_000)}`)).rejects.toThrow(
      /more than 4 MB from line 3 on.*csv\.quote/,
    );
  });
});

describe("a CSV file", () => {
  it.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("may end its lines by %s, the last one too or not", async (_, end) => {
    for (const last of [end, ""]) {
      const rows = await csv(`A,B${end}1,x${end}2,y${last}`);
      expect(cellsOf(rows)).toEqual([
        { A: "1", B: "x" },
        { A: "2", B: "y" },
      ]);
      expect(rows.map(({ place }) => place)).toEqual(["line 2", "line 3"]);
    }
  });

  it("has unreadable rows where fields are missing or too many", async () => {
    expect(cellsOf(await csv("A,B\n1\n1,2,3\n4,5\n"))).toEqual([
      "line 2: it has 1 fields, and the file has 2 columns",
      "line 3: it has 3 fields, and the file has 2 columns",
      { A: "4", B: "5" },
    ]);
  });

  it("without a header takes its columns from the mapping", async () => {
    const path = fixture("t.csv", "1,x\n2,y\n");
    const format = { csv: { header: false }, columns: ["ID", "NAME"] };
    expect(cellsOf(await readAll(path, format))).toEqual([
      { ID: "1", NAME: "x" },
      { ID: "2", NAME: "y" },
    ]);
    await expect(readAll(path, { csv: { header: false } })).rejects.toThrow(/has no header.*`columns`/);
  });

  it("may have other delimiters", async () => {
    const path = fixture("t.tsv", "A\tB\n1\tx,y\n");
    expect(cellsOf(await readAll(path, { csv: { delimiter: "\t" } }))).toEqual([{ A: "1", B: "x,y" }]);
  });

  it("that is empty, or names a column twice, is refused", async () => {
    await expect(csv("")).rejects.toThrow(/is empty/);
    await expect(csv("A,A\n1,2\n")).rejects.toThrow(/two columns A/);
    expect(await csv("A,B\n")).toEqual([]);
  });

  it("is read on behind the rows that are done", async () => {
    const rows = await readAll(fixture("t.csv", "A,B\n1,x\nbroken\n3,z\n"), { skip: 2 });
    expect(rows).toMatchObject([{ number: 3, place: "line 4", cells: { A: "3" } }]);
  });
});

describe("the bytes of a file", () => {
  const text = "A,B\n1,é雪😀\n";
  it.each([
    ["plain", "t.csv", Buffer.from(text)],
    ["gzip", "t.csv.gz", gzipSync(text)],
    ["gzip in two members", "t.csv.gz", Buffer.concat([gzipSync("A,B\n"), gzipSync("1,é雪😀\n")])],
    ["gzip that the name does not tell", "t.csv", gzipSync(text)],
    ["zstd", "t.csv.zst", zstdCompressSync(text)],
    ["with a byte-order mark", "t.csv", Buffer.from(`\ufeff${text}`)],
  ])("may be %s", async (_, name, bytes) => {
    expect(cellsOf(await csv(bytes, name))).toEqual([{ A: "1", B: "é雪😀" }]);
  });

  it("are UTF-8 across the chunks in which they are read", async () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i},😀é雪${"x".repeat(i % 7)}`);
    const rows = await csv(`A,B\n${lines.join("\n")}\n`);
    expect(rows).toHaveLength(40_000);
    expect(cellsOf(rows.slice(-1))).toEqual([{ A: "39999", B: `😀é雪${"x".repeat(39_999 % 7)}` }]);
  });

  it("in Latin-1 are refused with the line, and how to make them UTF-8", async () => {
    await expect(csv(Buffer.from("A,B\n1,x\n2,Café\n", "latin1"))).rejects.toThrow(
      /not UTF-8: line 3 has a byte E9.*Latin-1.*iconv -f LATIN1/,
    );
    await expect(csv(Buffer.from("A,B\n1,x\n2,Caf\xe9", "latin1"))).rejects.toThrow(/line 3 has a byte E9/);
  });

  it.each([
    ["little-endian", Buffer.from("\ufeffA,B\n1,x\n", "utf16le")],
    ["big-endian", Buffer.from("\ufeffA,B\n1,x\n", "utf16le").swap16()],
  ])("in UTF-16, %s, are refused with how to make them UTF-8", async (_, bytes) => {
    await expect(csv(bytes)).rejects.toThrow(/is UTF-16.*iconv -f UTF-16/);
  });

  it("that end before their compression does are refused", async () => {
    const whole = gzipSync("A,B\n1,x\n".repeat(1_000));
    await expect(csv(whole.subarray(0, whole.length - 20), "t.csv.gz")).rejects.toThrow(
      /cannot be decompressed.*Download it again/,
    );
  });

  it("of a kind that the name does not tell are refused", async () => {
    await expect(csv("x", "t.xlsx")).rejects.toThrow(/does not say what it is/);
  });
});

describe("an NDJSON file", () => {
  it("has a row in each line that is not blank, with its types, and integers exactly", async () => {
    const rows = await csv(
      '{"ID":9007199254740993,"D":0.1,"S":"x","N":null,"O":{"a":[1]}}\n\n[1]\n{\n{"ID":2}',
      "t.ndjson",
    );
    expect(cellsOf(rows)).toEqual([
      { ID: 9007199254740993n, D: 0.1, S: "x", N: null, O: { a: [1] } },
      "line 3: it is no JSON object",
      "line 4: it is no JSON object",
      { ID: 2 },
    ]);
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it("is read on behind the rows that are done", async () => {
    const rows = await readAll(fixture("t.json.gz", gzipSync('{"A":1}\n{"A":2}\n{"A":3}\n')), { skip: 2 });
    expect(rows).toMatchObject([{ number: 3, place: "line 3" }]);
  });
});
