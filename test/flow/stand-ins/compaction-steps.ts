import { encodeLines } from "#archive/lines.ts";
import { dayOf, rawKeyOf } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { compactDay, type DayPlace } from "../../../workers/archive/files/compact-day.ts";
import type { SeriesDeps } from "../../../workers/archive/series/deps.ts";
import { type SeriesPlace, seriesOfDay } from "../../../workers/archive/series/series-of-day.ts";

/** One step a request, as a job makes one step an alarm. */
export type Asked =
  | { readonly what: "write"; readonly from: number; readonly count: number; readonly headerLength: number }
  | { readonly what: "files"; readonly place: DayPlace }
  | { readonly what: "series"; readonly place: SeriesPlace }
  /** Objects that take so many MB of heap together. */
  | { readonly what: "hold"; readonly mb: number };

type Env = { readonly ARCHIVE: SeriesDeps["bucket"] };

const DAY_MS = Date.parse("2026-03-10T00:00:00Z");
const DAY = dayOf(DAY_MS);
/** Behind the month, so that the day goes into it. */
const NOW_MS = Date.parse("2026-05-01T00:00:00Z");

/** A report of some 700 characters, so that a step's limit of characters is reached before that of records. */
function recordOf(index: number, headerLength: number): ArchivedRecord {
  const receivedAtMs = DAY_MS + index * 4_000;
  const deviceId = `T-${index % 500}`;
  const equipment = Array.from({ length: 32 }, (_, i) => `stage ${i} of ${index}`);
  const data = { online: true, indoorTemperatureC: (index % 400) / 10, equipment };
  const value = JSON.stringify({
    eventId: `e-${index}`,
    occurredAt: new Date(receivedAtMs).toISOString(),
    deviceId,
    data,
  });
  const record = {
    topic: "device.elt.status.reported",
    key: deviceId,
    value,
    receivedAtMs,
    receipt: `r-${index}.0`,
    headers: headersOf(index, headerLength),
  };
  const parsed = parseStamped(record, receivedAtMs);
  if (!parsed.ok) throw new Error(`report ${index} is refused: ${JSON.stringify(parsed)}`);
  return toArchived(record, { event: parsed.event, outcome: "applied", settledAtMs: receivedAtMs + 200, lane: "live" });
}

/** A long one that gzip makes no shorter than its digits are. */
function headersOf(index: number, length: number): NonNullable<ArchivedRecord["headers"]> {
  let [text, seed] = ["", index + 1];
  while (text.length < length) {
    seed = (seed * 48_271) % 2_147_483_647;
    text += seed.toString(36);
  }
  return length > 0 ? [["note", text]] : [];
}

export default {
  async fetch(request: Request, { ARCHIVE: bucket }: Env): Promise<Response> {
    const asked = (await request.json()) as Asked;
    switch (asked.what) {
      case "write": {
        const { from, count, headerLength } = asked;
        const records = Array.from({ length: count }, (_, i) => recordOf(from + i, headerLength));
        await bucket.put(await rawKeyOf(records), new Uint8Array(await encodeLines(records)));
        return Response.json({ place: null });
      }
      case "files":
        return Response.json(await compactDay({ bucket, nowMs: NOW_MS, isKept: () => true }, DAY, asked.place));
      case "series":
        return Response.json({ place: await seriesOfDay({ bucket, nowMs: NOW_MS }, DAY, asked.place) });
      case "hold": {
        const held = Array.from({ length: asked.mb }, (_, mb) =>
          Array.from({ length: 20_000 }, (_, i) => ({ mb, i, name: `${i}` })),
        );
        return Response.json({ place: null, held: held.length });
      }
      default:
        return asked satisfies never;
    }
  },
};
