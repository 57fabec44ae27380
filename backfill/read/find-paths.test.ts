import { globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findPaths } from "./find-paths.ts";

const FILES = [
  "devices/part_0_0_0.csv.gz",
  "devices/part_0_1_0.csv.gz",
  "devices/eu-west/a-1.csv",
  "devices/[old].csv",
  "devices/a+b (1).csv",
  "devices/.hidden.csv",
  "devices/2026/11/day.ndjson",
  "dealers.parquet",
  "Dealers2.parquet",
  "zürich/ü.csv",
  ".stage/devices.csv",
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-paths-"));
  for (const file of FILES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  symlinkSync(join(folder, "devices"), join(folder, "linked"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  "devices/*.csv.gz",
  "./devices/*.csv.gz",
  "devices/part_?_0_?.csv.gz",
  "devices/part_0_[01]_0.csv.gz",
  "devices/part_0_[!0]_0.csv.gz",
  "devices/part_0_[0-9]_0.csv.gz",
  "devices/a+b (1).csv",
  "devices/*b (?).csv",
  "devices/.*.csv",
  "devices/{part_0_0_0,part_0_1_0}.csv.gz",
  "{devices,zürich}/*.{csv,csv.gz}",
  "zürich/?.csv",
  "devices/*-west/?-1.csv",
  "**/*.csv",
  "**/*.ndjson",
  "**/11/*",
  "devices/**",
  "linked/*.csv.gz",
  "*/part_0_0_0.csv.gz",
  "*.parquet",
  "dealers.parquet",
  ".stage/*",
  "dealers.parquet/*",
  "nothing/*.csv",
  "nothing.csv",
])("%s finds the files that Node's own search finds", (pattern) => {
  const isFile = (path: string) => FILES.includes(relative(folder, path).replace(/^linked/, "devices"));
  const expected = globSync(pattern, { cwd: folder }).map((name) => join(folder, name));
  expect(findPaths(folder, pattern).filter(isFile).sort()).toEqual(expected.filter(isFile).sort());
});
