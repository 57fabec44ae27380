import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export type Unload = {
  readonly folder: string;
  readonly mapping: string;
  readonly state: string;
  readonly faults: string;
};

/**
 * A folder with devices in two files, one of them compressed, some alerts in NDJSON, dealers as a lookup, and a mapping.
 * Of every hundred rows of devices some are skipped and some are bad.
 */
export function writeUnload(rows: number): Unload {
  const work = mkdtempSync(join(tmpdir(), "concord-backfill-run-"));
  const folder = join(work, "unload");
  for (const name of ["devices", "alerts", "dealers"]) mkdirSync(join(folder, name), { recursive: true });
  const half = Math.ceil(rows / 2);
  const header = "ID,SRC,NAME,DEALER_ID,ONLINE,STATE,UPDATED_AT\n";
  const lines = Array.from({ length: rows }, (_, i) => deviceLine(i));
  writeFileSync(join(folder, "devices/a.csv"), header + lines.slice(0, half).join(""));
  writeFileSync(join(folder, "devices/b.csv.gz"), gzipSync(header + lines.slice(half).join("")));
  const alerts = Array.from({ length: Math.ceil(rows / 10) }, (_, i) => alertLine(i));
  writeFileSync(join(folder, "alerts/alerts.ndjson"), alerts.join(""));
  writeFileSync(join(folder, "dealers/dealers.csv"), "DEALER_ID,NAME\nD-0,Arctic Air\nD-1,Lone Star\n");
  const mapping = join(work, "mapping.yaml");
  writeFileSync(mapping, MAPPING);
  return { folder, mapping, state: join(work, "state.json"), faults: join(work, "faults.ndjson") };
}

const timeOf = (i: number): string => new Date(Date.UTC(2026, 9, 1) + i * 61_007).toISOString();

function deviceLine(i: number): string {
  if (i % 100 === 17) return `DEV-${i},ELT\n`;
  const source = i % 100 === 29 ? "NEST" : "ELT";
  const state = i % 100 === 41 ? "TEST" : "LIVE";
  const online = i % 100 === 53 ? "maybe" : "Y";
  const updated = i % 100 === 67 ? "" : timeOf(i).replace("T", " ").replace("Z", "");
  return `DEV-${i},${source},"Attic, ${i}",D-${i % 2},${online},${state},${updated}\n`;
}

const alertLine = (i: number): string =>
  `${JSON.stringify({ ID: `A-${i}`, DEVICE: `DEV-${i}`, CODE: "E-1", SEV: i % 7 === 0 ? "?" : "high", AT: timeOf(i), CLEARED: i % 2 ? timeOf(i + 1) : null })}\n`;

const MAPPING = `
zone: America/Chicago
lookups:
  dealers: { files: dealers/*.csv, key: DEALER_ID }
tables:
  devices:
    files: devices/*
    key: ID
    device: ID
    source: { column: SRC, values: { ELT: elt } }
    time: UPDATED_AT
    when: { STATE: { notIn: [TEST] } }
    events:
      - topic: device.{source}.profile.updated
        data: { name: NAME }
      - topic: device.{source}.dealer.assigned
        data:
          dealer.dealerId: DEALER_ID
          dealer.name: { lookup: dealers, by: DEALER_ID, column: NAME }
      - topic: device.{source}.status.reported
        data: { online: ONLINE }
  alerts:
    files: alerts/*
    key: ID
    device: DEVICE
    source: elt
    time: AT
    events:
      - topic: device.elt.alert.raised
        data:
          alertId: ID
          code: CODE
          severity: { column: SEV, values: { high: critical } }
          text: { constant: from the warehouse }
      - topic: device.elt.alert.cleared
        when: { CLEARED: { isNull: false } }
        time: CLEARED
        data: { alertId: ID }
`;
