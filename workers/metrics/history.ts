import { parseTopic } from "#contracts/topic.ts";
import { HOUR_MS, MINUTE_MS } from "#domain/time.ts";
import type { FlowHistory, HistoryQuery, HistoryRange } from "#telemetry/overview.ts";
import { figureOf, HOURS, MINUTES, type SlotFigure } from "#telemetry/topic-times.ts";
import { listHours, type Slots } from "./slots.ts";

const RANGES = {
  "1h": { stepMs: MINUTE_MS, steps: MINUTES },
  "24h": { stepMs: HOUR_MS, steps: 24 },
  "30d": { stepMs: HOUR_MS, steps: HOURS },
} as const satisfies Readonly<Record<HistoryRange, object>>;

/**
 * Records received and dead-lettered in each step of a range, oldest first; the last step is the current one.
 * @param slots with the current minute as the last
 */
export function toHistory(slots: Slots, { range, name, nowMs }: HistoryQuery): FlowHistory {
  const { stepMs, steps } = RANGES[range];
  const current = Math.floor(nowMs / stepMs);
  const received = Array.from({ length: steps }, () => 0);
  const deadLettered = Array.from({ length: steps }, () => 0);
  for (const { at, topics } of stepMs === MINUTE_MS ? slots.minutes : listHours(slots)) {
    const place = steps - 1 - (current - at);
    if (received[place] === undefined || deadLettered[place] === undefined) continue;
    const sum = (figure: SlotFigure) =>
      Object.entries(topics).reduce(
        (total, [topic, slot]) => total + (belongsTo(topic, name) ? figureOf(slot, figure) : 0),
        0,
      );
    received[place] += sum("received");
    deadLettered[place] += sum("deadLettered");
  }
  return { atMs: nowMs, stepMs, received, deadLettered };
}

const belongsTo = (topic: string, name: string | undefined): boolean =>
  name === undefined || topic === name || parseTopic(topic)?.source === name;
