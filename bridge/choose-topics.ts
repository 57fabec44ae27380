import { isTopic } from "#contracts/topic.ts";
import { StopError } from "./source.ts";
import type { TopicChoice } from "./source-settings.ts";

export type ChosenTopics = {
  readonly subscribed: readonly string[];
  /** What the pattern matches and the boundary would refuse. */
  readonly ignored: readonly string[];
  /** What is listed and does not exist yet. */
  readonly missing: readonly string[];
};

/** Which of the cluster's topics are read. @throws StopError if one is listed that no event can come from */
export function chooseTopics(choice: TopicChoice, existing: readonly string[]): ChosenTopics {
  if (choice.kind === "list") {
    const wrong = choice.topics.filter((topic) => !isTopic(topic));
    if (wrong.length > 0)
      throw new StopError(
        `Topics are named device.{sourceType}.{entity}.{action}, and ${wrong.join(", ")} ${wrong.length === 1 ? "is" : "are"} not. Nothing was read. Leave out what carries no events of devices.`,
      );
    const wanted = [...new Set(choice.topics)].toSorted();
    return {
      subscribed: wanted.filter((topic) => existing.includes(topic)),
      ignored: [],
      missing: wanted.filter((topic) => !existing.includes(topic)),
    };
  }
  // With the flags g or y, a pattern remembers where it ended.
  const pattern = new RegExp(choice.pattern.source, choice.pattern.flags.replaceAll(/[gy]/g, ""));
  const matching = existing.filter((topic) => pattern.test(topic)).toSorted();
  return {
    subscribed: matching.filter(isTopic),
    ignored: matching.filter((topic) => !isTopic(topic)),
    missing: [],
  };
}
