import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { cellsOf, fixture, readAll } from "./fixture.ts";

type Write = Parameters<typeof parquetWriteBuffer>[0];
const file = (options: Write) => fixture("t.parquet", new Uint8Array(parquetWriteBuffer(options)));
const root = (children: number) => ({ name: "root", num_children: children });
/** What a column A of this type gives for each value. */
const typed = async (element: object, data: unknown[]) => {
  const schema = [root(1), { name: "A", repetition_type: "OPTIONAL", ...element }] as Write["schema"];
  const rows = cellsOf(await readAll(file({ columnData: [{ name: "A", data }], schema } as Write)));
  return rows.map((cells) => (cells as { A: unknown }).A);
};
const timestamp = (unit: string, isAdjustedToUTC: boolean) => ({
  type: "INT64",
  logical_type: { type: "TIMESTAMP", unit, isAdjustedToUTC },
});

describe("a Parquet value", () => {
  it.each<[string, object, unknown[], unknown[]]>([
    ["BOOLEAN", { type: "BOOLEAN" }, [true, false, null], [true, false, null]],
    ["INT32", { type: "INT32" }, [1, -2, null], [1, -2, null]],
    ["INT64 within 2^53", { type: "INT64" }, [9007199254740991n, -5n, null], [9007199254740991, -5, null]],
    ["INT64 beyond it", { type: "INT64" }, [9007199254740993n, -(2n ** 63n)], [9007199254740993n, -(2n ** 63n)]],
    ["DOUBLE", { type: "DOUBLE" }, [0.1, null], [0.1, null]],
    ["text", { type: "BYTE_ARRAY", converted_type: "UTF8" }, ["é雪😀", "", null], ["é雪😀", "", null]],
    ["bytes that are text", { type: "BYTE_ARRAY" }, [Buffer.from("é"), null], ["é", null]],
    ["bytes that are none", { type: "BYTE_ARRAY" }, [Buffer.from([0xff, 0])], ["/wA="]],
    ["DATE", { type: "INT32", converted_type: "DATE" }, [new Date("2026-11-23"), null], ["2026-11-23", null]],
    [
      "DECIMAL in INT32",
      { type: "INT32", converted_type: "DECIMAL", precision: 9, scale: 2 },
      [1234n, -5n, null],
      ["12.34", "-0.05", null],
    ],
    [
      "DECIMAL in INT64",
      { type: "INT64", converted_type: "DECIMAL", precision: 18, scale: 0 },
      [9007199254740993n],
      ["9007199254740993"],
    ],
    [
      "DECIMAL in 16 bytes",
      { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, converted_type: "DECIMAL", precision: 38, scale: 3 },
      [123456789012345678901234567890n, -1n, null],
      ["123456789012345678901234567.890", "-0.001", null],
    ],
    [
      "TIMESTAMP_MILLIS, which has UTC",
      { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
      [1795438800123n, null],
      ["2026-11-23T13:00:00.123Z", null],
    ],
    [
      "TIMESTAMP in microseconds with a zone",
      timestamp("MICROS", true),
      [1795438800123456n],
      ["2026-11-23T13:00:00.123456Z"],
    ],
    [
      "TIMESTAMP in microseconds without a zone",
      timestamp("MICROS", false),
      [1795438800123456n, null],
      ["2026-11-23T13:00:00.123456", null],
    ],
    [
      "TIMESTAMP in nanoseconds, to the last digit",
      timestamp("NANOS", false),
      [1795438800123456789n, -1n],
      ["2026-11-23T13:00:00.123456789", "1969-12-31T23:59:59.999999999"],
    ],
  ])("of type %s", async (_, element, data, cells) => {
    expect(await typed(element, data)).toEqual(cells);
  });

  it("may be a list, or a struct, with null in it and in its place", async () => {
    const schema = [
      root(2),
      { name: "FEATURES", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "OPTIONAL", type: "BYTE_ARRAY", converted_type: "UTF8" },
      { name: "PLACE", repetition_type: "OPTIONAL", num_children: 2 },
      { name: "city", repetition_type: "OPTIONAL", type: "BYTE_ARRAY", converted_type: "UTF8" },
      { name: "id", repetition_type: "OPTIONAL", type: "INT64" },
    ];
    const columnData = [
      { name: "FEATURES", data: [["zoning", null], [], null] },
      { name: "PLACE", data: [{ city: "Duluth", id: 9007199254740993n }, { city: null, id: 1n }, null] },
    ];
    expect(cellsOf(await readAll(file({ columnData, schema } as Write)))).toEqual([
      { FEATURES: ["zoning", null], PLACE: { city: "Duluth", id: 9007199254740993n } },
      { FEATURES: [], PLACE: { city: null, id: 1 } },
      { FEATURES: null, PLACE: null },
    ]);
  });
});

describe("a Parquet file", () => {
  const numbers = Array.from({ length: 2_500 }, (_, i) => i + 1);
  const written = (codec: string) =>
    file({ columnData: [{ name: "A", type: "INT32", data: numbers }], codec, rowGroupSize: 1_000 } as Write);

  it.each(["UNCOMPRESSED", "SNAPPY"])(
    "in several row groups, %s, is read in order, or behind the rows that are done",
    async (codec) => {
      expect((await readAll(written(codec))).map(({ number }) => number)).toEqual(numbers);
      for (const skip of [1, 999, 1_000, 1_001, 2_499, 2_500]) {
        const rows = await readAll(written(codec), { skip });
        expect(rows.map((row) => row.kind === "row" && row.cells.A)).toEqual(numbers.slice(skip));
        if (rows[0]) expect(rows[0]).toMatchObject({ number: skip + 1, place: `row ${skip + 1}` });
      }
    },
  );

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["GZIP", (bytes) => gzipSync(bytes)],
    ["ZSTD", (bytes) => zstdCompressSync(bytes)],
    ["BROTLI", (bytes) => brotliCompressSync(bytes)],
  ])("may be compressed by %s", async (codec, compress) => {
    const compressors = { [codec]: compress };
    const path = file({ columnData: [{ name: "A", type: "INT32", data: numbers }], codec, compressors } as Write);
    expect(cellsOf(await readAll(path))).toEqual(numbers.map((A) => ({ A })));
  });

  it("that ends early is refused", async () => {
    const whole = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "A", data: numbers }] }));
    await expect(readAll(fixture("t.parquet", whole.slice(0, 500)))).rejects.toThrow(/no complete Parquet file/);
  });
});
