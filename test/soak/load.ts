import type { Progress } from "../../local/screen.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { DOORS, type Door, send } from "./doors.ts";

/** Milliseconds between two ticks; what is due at a tick goes out together, a request a topic. */
const TICK_MS = 100;
const MAX_REQUESTS_AT_ONCE = 24;
const LONGEST_WAIT_MS = 2_000;

/** What the client knows when all is answered. */
export class Ledger {
  requests = 0;
  /** Requests that were sent because an earlier one failed, wholly or in part. */
  resends = 0;
  /** Records that an answer called accepted. */
  readonly accepted: SampleRecord[] = [];
  /** Letters that must exist, by what tells them apart, with their reason. */
  readonly letters = new Map<string, string>();
  /** How often an answer called a record dead-lettered; a repeated record is so each time. */
  deadLettered = 0;
  readonly violations: string[] = [];

  get answered(): number {
    return this.accepted.length + this.deadLettered;
  }
}

/** What makes a letter that letter: see docs/decisions/0004. */
export const letterKey = (topic: string, key: string | null, payload: string | null): string =>
  JSON.stringify([topic, key, payload]);

export type Load = { readonly records: readonly SampleRecord[]; readonly rate: number; readonly progress: Progress };

/** Pushes records at a steady rate through every door in turn, and again until each has an answer that settles it. */
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

/** A request a topic, each through the next door; what that does not take goes through the last one, which takes all. */
function requestsOf(records: readonly SampleRecord[], nextDoor: () => Door): Request[] {
  return [...Map.groupBy(records, ({ topic }) => topic).values()].flatMap((ofTopic) => {
    const door = nextDoor();
    const byDoor = Map.groupBy(ofTopic, (record) => (door.takes(record) ? door : (DOORS.at(-1) as Door)));
    return [...byDoor].map(([door, group]) => ({ door, group }));
  });
}

/** Sends the same again, as a connector does, until nothing of it is unanswered. */
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
