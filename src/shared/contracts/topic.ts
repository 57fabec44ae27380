import { SOURCES, type Source } from "../domain/event.ts";

/**
 * The grammar every topic keeps: `device.{sourceType}.{entity}.{action}`, four lower-case segments. A topic is never
 * renamed, because renaming one after consumers subscribed is painful; an alias with an end date may point to it.
 */
export const TOPIC_GRAMMAR = /^device\.[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$/;

export const keepsTopicGrammar = (topic: string): boolean => topic.length <= 249 && TOPIC_GRAMMAR.test(topic);

/**
 * `T` when it keeps the grammar and names a source we know, else `never`: a contract for any other topic does not
 * compile. The type sees case, segments and source; `TOPIC_GRAMMAR` sees the characters too.
 */
export type TopicName<T extends string> =
  T extends Lowercase<T>
    ? T extends `device.${Source}.${infer Entity}.${infer Action}`
      ? Entity extends ""
        ? never
        : Action extends "" | `${string}.${string}`
          ? never
          : T
      : never
    : never;

export type TopicParts = { readonly source: Source; readonly entity: string; readonly action: string };

/** The parts of a topic that keeps the grammar and names a source we know; else `undefined`. */
export function topicPartsOf(topic: string): TopicParts | undefined {
  if (!keepsTopicGrammar(topic)) return undefined;
  const [, sourceName, entity, action] = topic.split(".") as [string, string, string, string];
  const source = SOURCES.find((known) => known === sourceName);
  return source && { source, entity, action };
}
