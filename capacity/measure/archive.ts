import { createHash } from "node:crypto";
import { encodeDayFile } from "#archive/day-file.ts";
import { encodeLines } from "#archive/lines.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import { parseRecord } from "#contracts/parse.ts";
import { receiptIn } from "#queue/receipt.ts";
import { anEvent, START_MS } from "#testing/builders.ts";
import type { Measured } from "../measured.ts";

const DEVICES = 100;
/** Reports of a device, one each five minutes: a third of a day. */
const REPORTS = 96;
const EVERY_MS = 5 * 60_000;

/** Compressors differ by a few bytes between machines, and what is written down must not. */
const ROUNDED_TO = 10;
const rounded = (bytes: number): number => Math.round(bytes / ROUNDED_TO) * ROUNDED_TO;

/**
 * What a record takes in the archive: a fleet reports, each request a record of every device. Times have milliseconds, ids
 * and receipts are random, and values are those of a day, so that nothing is compressed that would not be in a fleet.
 */
export async function measureArchive(): Promise<
  Pick<Measured, "archiveRawBytesPerRecord" | "archiveRawBytesAlone" | "archiveDayBytesPerRecord">
> {
  const batches = Array.from({ length: REPORTS }, (_, round) => batchOf(round));
  const raw = await Promise.all(batches.map(encodeLines));
  const alone = await Promise.all((batches[0] ?? []).map((record) => encodeLines([record])));
  const total = (files: readonly Uint8Array[]) => files.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const day = encodeDayFile(batches.flat());
  return {
    archiveRawBytesPerRecord: rounded(total(raw) / (DEVICES * REPORTS)),
    archiveRawBytesAlone: rounded(total(alone) / DEVICES),
    archiveDayBytesPerRecord: rounded(day.byteLength / (DEVICES * REPORTS)),
  };
}

function batchOf(round: number): ArchivedRecord[] {
  const parcelId = hexOf(`parcel ${round}`, 32);
  return Array.from({ length: DEVICES }, (_, i) => {
    const deviceId = hexOf(`device ${i}`, 12);
    const drawn = Number.parseInt(hexOf(`${round} ${i}`, 8), 16);
    const occurredAtMs = START_MS + round * EVERY_MS + (drawn % EVERY_MS);
    const { topic, key, value } = anEvent("device.elt.status.reported", {
      deviceId,
      occurredAt: new Date(occurredAtMs),
      eventId: hexOf(`event ${round} ${i}`, 32),
      data: {
        online: true,
        mode: drawn % 3 === 0 ? "heat" : "cool",
        indoorTemperatureC: Math.round(200 + 20 * Math.sin((round + i) / 8) + (drawn % 7)) / 10,
        coolSetpointC: 20 + (i % 8) / 2,
        humidityPct: 35 + (drawn % 20),
      },
    });
    const receivedAtMs = START_MS + (round + 1) * EVERY_MS;
    const parsed = parseRecord({ topic, value }, receivedAtMs);
    if (!parsed.ok) throw new Error(`The contract refuses ${topic}: ${JSON.stringify(parsed.rejection)}`);
    const place = { partition: i % 12, offset: 123_000_000 + round * DEVICES + i, timestampMs: occurredAtMs + 40 };
    return toArchived(
      { topic, key, value, ...place, receivedAtMs, receipt: receiptIn(parcelId, i) },
      { event: parsed.event, outcome: "applied", settledAtMs: receivedAtMs + 350, lane: "live" },
    );
  });
}

const hexOf = (seed: string, digits: number): string =>
  createHash("sha256").update(seed).digest("hex").slice(0, digits);
