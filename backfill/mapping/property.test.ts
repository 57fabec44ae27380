import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import { parseRecord } from "#contracts/parse.ts";
import { SOURCES } from "#domain/event.ts";
import { findExceededLimit } from "#queue/limits.ts";
import type { Cell, Cells } from "../read/row.ts";
import { compileMapping } from "./compile.ts";
import { Mapping } from "./schema.ts";
import { mapRow } from "./table.ts";

const NOW = Date.parse("2026-11-30T00:00:00Z");

/** A table whose rows become an event of every topic, each member from a column of its own. */
const TABLES = SOURCES.map((source) => {
  const contracts = CONTRACTS.filter((contract) => contract.source === source);
  const events = contracts.map(({ topic, example }) => ({
    topic,
    data: Object.fromEntries(leavesOf(example as object).map((path) => [path, path])),
  }));
  const columns = [...new Set(events.flatMap(({ data }) => Object.keys(data)))];
  const table = { files: "*", key: "KEY", device: "DEVICE", source, time: "TIME", events };
  const { tables, issues } = compileMapping(Mapping.parse({ zone: "UTC", tables: { t: table } }), new Map());
  return { table: tables[0] as NonNullable<(typeof tables)[0]>, issues, columns };
});

function leavesOf(value: object, prefix = ""): string[] {
  return Object.entries(value).flatMap(([name, member]) =>
    typeof member === "object" && !Array.isArray(member) ? leavesOf(member, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

const words = [
  "true",
  "N",
  "heat",
  "critical",
  "1",
  "-0.5",
  "2026-11-23",
  "2026-11-23 13:00:00.5",
  "[]",
  '["a"]',
  "US",
  "",
  "\u0000",
  "\ud800",
];
const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constantFrom<Cell>(null, ...words),
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.jsonValue() as fc.Arbitrary<Cell>,
);

describe("any row", () => {
  it("becomes events that their contracts accept, or that are reported and that they refuse", () => {
    expect(TABLES.flatMap(({ issues }) => issues)).toEqual([]);
    const seen = { good: 0, bad: 0 };
    const row = fc.constantFrom(...TABLES).chain(({ table, columns }) =>
      fc.record({
        table: fc.constant(table),
        key: fc.oneof({ weight: 9, arbitrary: fc.constant<Cell>("K-1") }, cell),
        device: fc.oneof({ weight: 9, arbitrary: fc.constant<Cell>("D-1") }, cell),
        time: fc.oneof({ weight: 9, arbitrary: fc.constant<Cell>("2026-11-23 13:00:00.123") }, cell),
        cells: fc.record(
          Object.fromEntries(columns.map((column) => [column, cell])) as Record<string, fc.Arbitrary<Cell>>,
        ),
      }),
    );
    fc.assert(
      fc.property(row, ({ table, key, device, time, cells }) => {
        const given: Cells = { ...cells, KEY: key, DEVICE: device, TIME: time };
        const result = mapRow(table, { kind: "row", number: 1, place: "line 2", cells: given }, "f", NOW);
        expect(result.kind).toBe("made");
        if (result.kind === "skipped") return;
        for (const { topic, deviceId, value, fault } of result.events) {
          const record = { topic, key: deviceId, value };
          const isGood = findExceededLimit(record) === undefined && parseRecord(record, NOW).ok;
          expect([topic, value, isGood]).toEqual([topic, value, fault === null]);
          seen[isGood ? "good" : "bad"] += 1;
        }
      }),
    );
    expect(seen.good, "some rows are good").toBeGreaterThan(0);
    expect(seen.bad, "some rows are bad").toBeGreaterThan(0);
  });
});
