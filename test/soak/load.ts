import type { Progress } from "../../local/screen.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { DOORS, type Door, send } from "./doors.ts";

/** Milliseconds between two ticks. What is due at a tick is sent together, in one request per topic. */
const TICK_MS = 100;
const MAX_REQUESTS_AT_ONCE = 24;
const LONGEST_WAIT_MS = 2_000;

/** What the client knows once everything is answered. */
export class Ledger {
  requests = 0;
  /** Requests that were sent because an earlier one failed, wholly or in part. */
  resends = 0;
  /** Records that an answer called accepted. */
  readonly accepted: SampleRecord[] = [];
  /** The expected letters by their identity, with their reason. */
  readonly letters = new Map<string, string>();
  /** How many answers called a record dead-lettered, with one for each repetition. */
  deadLettered = 0;
  readonly violations: string[] = [];

  get answered(): number {
    return this.accepted.length + this.deadLettered;
  }
}

/** The identity of a letter: see docs/decisions/0004. */
export const letterKey = (topic: string, key: string | null, payload: string | null): string =>
  JSON.stringify([topic, key, payload]);

export type Load = { readonly records: readonly SampleRecord[]; readonly rate: number; readonly progress: Progress };

/** Pushes records at a steady rate by each way in turn, and repeats each until it has a final answer. */
export async function push(url: URL, ledger: Ledger, { records, rate, progress }: Load): Promise<void> {
  const busy = new Set<Promise<void>>();
  const before = ledger.answered;
  const failed: unknown[] = [];
  const startedAt = performance.now();
  let turn = 0;
  for (let from = 0; from < records.length; ) {
    await sleep(TICK_MS);
    const due = Math.min(records.length, Math.floor(((performance.now() - startedAt) / 1000) * rate));
    for (const { door, group } of requestsOf(records.slice(from, due), () => DOORS[turn++ % DOORS.length] as Door)) {
      while (busy.size >= MAX_REQUESTS_AT_ONCE) await Promise.race(busy);
      const request = deliver(url, ledger, door, group)
        .catch((thrown: unknown) => void failed.push(thrown))
        .finally(() => {
          busy.delete(request);
          progress(ledger.answered - before, records.length);
        });
      busy.add(request);
    }
    from = Math.max(from, due);
  }
  await Promise.all(busy);
  if (failed.length > 0) throw failed[0];
}

type Request = { readonly door: Door; readonly group: readonly SampleRecord[] };

/**
 * One request per topic, each by the next way. What that way does not support is sent by the last one, which supports
 * everything.
 */
function requestsOf(records: readonly SampleRecord[], nextDoor: () => Door): Request[] {
  return [...Map.groupBy(records, ({ topic }) => topic).values()].flatMap((ofTopic) => {
    const door = nextDoor();
    const byDoor = Map.groupBy(ofTopic, (record) => (door.takes(record) ? door : (DOORS.at(-1) as Door)));
    return [...byDoor].flatMap(([door, group]) =>
      inParts(group, door.maxRecords).map((part) => ({ door, group: part })),
    );
  });
}

/** What is due at once: more than one request may hold, where this machine is too busy to send on time. */
const inParts = <T>(items: readonly T[], size = items.length): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** Repeats the same request, as a connector does, until everything in it has an answer. */
async function deliver(url: URL, ledger: Ledger, door: Door, group: readonly SampleRecord[]): Promise<void> {
  let pending = group;
  for (let attempt = 0; pending.length > 0; attempt++) {
    if (attempt > 0) await sleep(Math.min(LONGEST_WAIT_MS, 100 * 2 ** attempt));
    ledger.requests++;
    if (attempt > 0) ledger.resends++;
    const said = await send(url, door, pending);
    pending = pending.filter((record, i) => {
      const answer = said[i] ?? { kind: "again" };
      if (answer.kind === "again") return true;
      const expected = record.fault?.reason ?? "accepted";
      const found = answer.kind === "accepted" ? "accepted" : answer.reason;
      if (found !== expected) {
        ledger.violations.push(`${door.name} ${record.topic}: a record to be ${expected} was answered ${found}`);
      }
      if (answer.kind === "accepted") ledger.accepted.push(record);
      else {
        ledger.deadLettered++;
        ledger.letters.set(letterKey(record.topic, door.carriesKey ? record.key : null, record.value), answer.reason);
      }
      return false;
    });
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
