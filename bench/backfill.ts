import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGunzip, createGzip, gunzipSync } from "node:zlib";
import { parse } from "csv-parse";
import { parquetWriteFile } from "hyparquet-writer";

export type BackfillRun = {
  readonly rowsPerSecond: number;
  /** The most memory that the process had, in MB; with everything, and not only JavaScript's heap. */
  readonly peakMb: number;
};

export type BackfillFigures = {
  readonly rows: number;
  /** What the files have, in MB as they are on disk. */
  readonly megabytes: { readonly csv: number; readonly parquet: number };
  /** The floor: the rows are read, and nothing else. */
  readonly floor: BackfillRun;
  readonly dryRun: BackfillRun;
  readonly csv: BackfillRun;
  readonly parquet: BackfillRun;
};

const ROWS = 1_000_000;
/** Of a row group of the Parquet file. */
const GROUP_ROWS = 100_000;

/** A million rows, two events each, against a boundary that only counts. */
export async function benchBackfill(say: (line: string) => void, rows = ROWS): Promise<BackfillFigures> {
  const folder = mkdtempSync(join(tmpdir(), "concord-bench-backfill-"));
  const boundary = await startCounting();
  try {
    const files = await writeFiles(folder, rows);
    say(`backfill: ${rows} rows are written as CSV and Parquet`);
    const measure = async (name: string, run: () => Promise<BackfillRun>) => {
      const figures = await run();
      say(`backfill: ${name}: ${Math.round(figures.rowsPerSecond)} rows/s, ${Math.round(figures.peakMb)} MB`);
      return figures;
    };
    const call = (format: "csv" | "parquet", ...more: string[]) => {
      const state = ["--state", join(folder, `${format}.json`), "--faults", join(folder, `${format}.faults`)];
      const args = ["--mapping", join(folder, `${format}.yaml`), "--url", boundary.url, "--json", ...state, ...more];
      return measured(
        [fileURLToPath(new URL("../cli/main.mjs", import.meta.url)), "backfill", "run", folder, ...args],
        rows,
      );
    };
    const floor = await measure("CSV is only read", () => measured([FLOOR, files.csv], rows));
    const dryRun = await measure("CSV, dry run", () => call("csv", "--dry-run"));
    const csv = await measure("CSV, sent", () => call("csv"));
    const parquet = await measure("Parquet, sent", () => call("parquet"));
    if (boundary.records() !== rows * 4) throw new Error(`${boundary.records()} events of ${rows * 4} were sent`);
    const megabytes = { csv: sizeOf(files.csv), parquet: sizeOf(files.parquet) };
    return { rows, megabytes, floor, dryRun, csv, parquet };
  } finally {
    boundary.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const sizeOf = (path: string): number => statSync(path).size / 1_000_000;

/** This module, called as a program, is the floor. */
const FLOOR = fileURLToPath(import.meta.url);

/**
 * Prints the most memory that its process had, in kB. `resourceUsage` would count its parent's from before it was a
 * program of its own, where the system tells better.
 */
const REPORT = `data:text/javascript,${encodeURIComponent(`import { readFileSync, existsSync } from "node:fs";
process.on("exit", () => {
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  console.error("peak", /VmHWM:\\s*(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
});`)}`;

async function measured(args: readonly string[], rows: number): Promise<BackfillRun> {
  const began = performance.now();
  const child = spawn(process.execPath, ["--import", REPORT, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const [said] = await Promise.all([child.stderr.toArray(), once(child, "exit")]);
  const text = Buffer.concat(said).toString();
  if (child.exitCode !== 0) throw new Error(`a backfill ended with ${child.exitCode}: ${text.slice(-1_000)}`);
  const peak = Number(/peak (\d+)/.exec(text)?.[1]);
  return { rowsPerSecond: rows / ((performance.now() - began) / 1_000), peakMb: peak / 1_000 };
}

async function startCounting() {
  let records = 0;
  const server = createServer(async (request, response) => {
    const body = gunzipSync(Buffer.concat(await request.toArray())).toString();
    const count = body.split('"value":').length - 1;
    records += count;
    response.end(`{"offsets":[${Array.from({ length: count }, () => '{"error_code":null}').join()}]}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    records: () => records,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const MODELS = ["SYSTXCCITC01", "SYSTXBBECC01", "ELT-45"];
const COLUMNS = {
  DEVICE_ID: (i: number) => `ELT45-${i}`,
  SERIAL: (i: number) => `S${String(i).padStart(9, "0")}`,
  MODEL: (i: number) => MODELS[i % 3] as string,
  NAME: (i: number) => `Attic, "north" ${i}`,
  FIRMWARE: (i: number) => `14.${String(i % 90).padStart(2, "0")}`,
  COUNTRY: () => "US",
  CITY: (i: number) => `City ${i % 5_000}`,
  DEALER_ID: (i: number) => `D-${i % 300}`,
  REGISTERED_AT: (i: number) => timeText(i * 7_001),
  UPDATED_AT: (i: number) => timeText(i * 13_007),
  LOADED_AT: () => "2026-11-01 02:00:00.000",
} as const;
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

const timeText = (ms: number): string =>
  new Date(Date.UTC(2026, 0, 1) + (ms % 20_000_000_000)).toISOString().replace("T", " ").replace("Z", "");

async function writeFiles(folder: string, rows: number) {
  mkdirSync(join(folder, "csv"));
  mkdirSync(join(folder, "parquet"));
  const [csv, parquet] = [join(folder, "csv/devices.csv.gz"), join(folder, "parquet/devices.parquet")];
  await pipeline(Readable.from(csvLines(rows)), createGzip({ level: 1 }), createWriteStream(csv));
  const columnData = NAMES.map((name) => ({
    name,
    type: "STRING" as const,
    data: Array.from({ length: rows }, (_, i) => COLUMNS[name](i)),
  }));
  await parquetWriteFile({ filename: parquet, columnData, rowGroupSize: GROUP_ROWS });
  for (const format of ["csv", "parquet"]) writeFileSync(join(folder, `${format}.yaml`), mappingOf(format));
  return { csv, parquet };
}

function* csvLines(rows: number): Generator<string> {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  yield `${NAMES.join()}\n`;
  for (let at = 0; at < rows; at += 1_000) {
    const lines = Array.from({ length: Math.min(1_000, rows - at) }, (_, k) =>
      NAMES.map((name) => quoted(COLUMNS[name](at + k))).join(),
    );
    yield `${lines.join("\n")}\n`;
  }
}

const mappingOf = (format: string): string => `zone: UTC
tables:
  devices:
    files: ${format}/*
    key: DEVICE_ID
    device: DEVICE_ID
    source: elt
    time: UPDATED_AT
    events:
      - topic: device.elt.registration.created
        data:
          model: MODEL
          serialNumber: SERIAL
          firmware: FIRMWARE
          registeredAt: REGISTERED_AT
          location.country: COUNTRY
          location.city: CITY
      - topic: device.elt.dealer.assigned
        data: { dealer.dealerId: DEALER_ID, dealer.name: NAME }
`;

if (process.argv[1] === FLOOR) {
  const parser = createReadStream(process.argv[2] as string)
    .pipe(createGunzip())
    .pipe(parse({ columns: true }));
  for await (const _ of parser);
}
