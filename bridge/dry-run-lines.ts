import { counted } from "../cli/terminal/counted.ts";
import type { DryRunReport } from "./dry-run.ts";
import { nameOf } from "./kafka-record.ts";

const count = (value: number): string => value.toLocaleString("en");

/** A dry run's report for people. */
export function reportLines({ topics, isComplete }: DryRunReport): string[] {
  const lines = topics.flatMap(({ topic, records, accepted, deadLetters }) => [
    `${topic}: ${count(records)} read, ${count(accepted)} would be accepted${
      deadLetters.length === 0 ? "" : `, ${count(records - accepted)} would become dead letters`
    }`,
    ...deadLetters.map(({ reason, count: letters, first }) => {
      const place = `${nameOf({ topic, partition: first.partition })} offset ${first.offset}`;
      return `  ${reason}: ${count(letters)}, the first at ${place}: ${first.issue}`;
    }),
  ]);
  return [
    ...lines,
    ...(isComplete ? [] : ["Not everything was read: what is left are marks of transactions, or it was ended early."]),
    "Nothing was sent, and nothing was committed.",
  ];
}

/** What kept the run from checking everything, and what to do; `undefined` if nothing did. */
export function problemOf({ failure, topics }: DryRunReport): string | undefined {
  if (failure !== undefined)
    return `${failure}. Not everything was read; nothing was sent, and nothing was committed. Check --brokers or --proxy, and whether this machine reaches them.`;
  if (topics.length === 0)
    return "no topic was found, so nothing was checked. Look at --topics and --pattern, and at what the user may read.";
  return undefined;
}

/** How many records would become dead letters. */
export const lettersIn = ({ topics }: DryRunReport): number =>
  topics.reduce((sum, { records, accepted }) => sum + records - accepted, 0);

/** `3 records would become dead letters` */
export const letterMessage = (letters: number): string =>
  `${counted(letters, "record")} of what was read would become ${letters === 1 ? "a dead letter" : "dead letters"}`;
