import { expect, it } from "vitest";
import type { TopicOverview } from "#telemetry/overview.ts";
import { byUrgency } from "./urgency.ts";

const topic = (name: string, state: TopicOverview["state"], deadLettered = 0) =>
  ({ name, state, deadLettered }) as TopicOverview;

it("a topic that needs somebody comes before those that flow, and silent ones come last", () => {
  const topics = [
    topic("a", "silent"),
    topic("b", "flowing"),
    topic("c", "quiet"),
    topic("d", "failing", 3),
    topic("e", "flowing", 7),
    topic("f", "stalled"),
    topic("g", "late"),
  ];
  expect(byUrgency(topics).map(({ name }) => name)).toEqual(["f", "d", "g", "e", "b", "c", "a"]);
});
