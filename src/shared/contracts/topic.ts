import { SOURCES, type Source } from "#domain/event.ts";

/**
 * The grammar of all topics: `device.{sourceType}.{entity}.{action}`, four lower-case segments. A topic is never renamed,
 * because its producers and consumers would all have to change at once; a former name may be an alias with an end date.
 */
export const TOPIC_GRAMMAR = /^device\.[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$/;

/** Whether a text is a topic by the grammar: at most 249 characters. It may still have no contract. */
export const isTopic = (topic: string): boolean => topic.length <= 249 && TOPIC_GRAMMAR.test(topic);

/**
 * `T` if it follows the grammar and names a known source, else what is wrong with it, which no topic is: a contract for
 * any other topic does not compile. The type checks case, segments and source; `TOPIC_GRAMMAR` also checks the
 * characters, at startup.
 */
export type TopicName<T extends string> =
  T extends Lowercase<T>
    ? T extends `device.${infer Name}.${infer Entity}.${infer Action}`
      ? Entity extends ""
        ? Malformed
        : Action extends "" | `${string}.${string}`
          ? Malformed
          : Name extends Source
            ? T
            : `no source is called ${Name}: write its source.ts, then npm run generate`
      : Malformed
    : Malformed;

type Malformed = "a topic is device.{source}.{entity}.{action}, in lower case";

/** What the name of a topic says: `device.{source}.{entity}.{action}`. */
export type TopicParts = { readonly source: Source; readonly entity: string; readonly action: string };

/** The parts of a topic; `undefined` if it breaks the grammar or names an unknown source. */
export function parseTopic(topic: string): TopicParts | undefined {
  if (!isTopic(topic)) return undefined;
  const [, sourceName, entity, action] = topic.split(".") as [string, string, string, string];
  const source = SOURCES.find((known) => known === sourceName);
  return source && { source, entity, action };
}

/** Why a topic cannot have a contract, and what to do; for the one who writes it. */
export function describeBadTopic(topic: string): string {
  if (!isTopic(topic)) return `${topic} breaks the topic grammar device.{source}.{entity}.{action}.`;
  const [, name] = topic.split(".");
  const folder = `src/shared/contracts/${name}`;
  return `${topic}: no source is called ${name}. Sources are ${SOURCES.join(", ")}; a new one is a folder ${folder} with a source.ts: run npm run contracts:new -- --source ${name}, or npm run generate if the folder is there.`;
}

/** The name of a contract in the code: `infinityDealerSetup` of `infinity` and `dealer-setup`. */
export const contractNameOf = (source: string, base: string): string =>
  `${source}-${base}`
    .split(/[_-]/)
    .map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join("");
