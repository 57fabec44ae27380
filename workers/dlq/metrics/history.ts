import { topicPartsOf } from "../../../src/shared/contracts/topic.ts";
import type { FlowHistory, HistoryRange } from "../../../src/shared/telemetry/overview.ts";
import { figureOf, HOUR_MS, HOURS, hoursOf, MINUTE_MS, MINUTES, type SlotFigure, type Slots } from "./slots.ts";

const RANGES = {
  "1h": { stepMs: MINUTE_MS, steps: MINUTES },
  "24h": { stepMs: HOUR_MS, steps: 24 },
  "30d": { stepMs: HOUR_MS, steps: HOURS },
} as const satisfies Readonly<Record<HistoryRange, object>>;

/** What is asked for: of which time, and of all topics unless a topic or a source is named. */
export type HistoryQuery = { readonly range: HistoryRange; readonly name?: string | undefined; readonly nowMs: number };

/** @param slots with the current minute as the last */
export function historyOf(slots: Slots, { range, name, nowMs }: HistoryQuery): FlowHistory {
  const { stepMs, steps } = RANGES[range];
  const current = Math.floor(nowMs / stepMs);
  const received = Array.from({ length: steps }, () => 0);
  const deadLettered = Array.from({ length: steps }, () => 0);
  for (const { at, topics } of stepMs === MINUTE_MS ? slots.minutes : hoursOf(slots)) {
    const place = steps - 1 - (current - at);
    if (received[place] === undefined || deadLettered[place] === undefined) continue;
    const sum = (figure: SlotFigure) =>
      Object.entries(topics).reduce(
        (total, [topic, slot]) => total + (isOf(topic, name) ? figureOf(slot, figure) : 0),
        0,
      );
    received[place] += sum("received");
    deadLettered[place] += sum("deadLettered");
  }
  return { atMs: nowMs, stepMs, received, deadLettered };
}

const isOf = (topic: string, name: string | undefined): boolean =>
  name === undefined || topic === name || topicPartsOf(topic)?.source === name;

/** What several objects know of the same query, as one. */
export const joinHistories = (a: FlowHistory, b: FlowHistory): FlowHistory => ({
  ...a,
  received: added(a.received, b.received),
  deadLettered: added(a.deadLettered, b.deadLettered),
});

const added = (a: readonly number[], b: readonly number[]): number[] => a.map((count, i) => count + (b[i] ?? 0));
