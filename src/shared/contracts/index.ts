import { ALL_CONTRACTS } from "./all-contracts.ts";
import type { Contract } from "./define.ts";

/** Any of the contracts, with its own topic and the type of its data. */
export type KnownContract = (typeof ALL_CONTRACTS)[number];

/** All topics, by source and name. */
export const CONTRACTS = ALL_CONTRACTS as readonly unknown[] as readonly Contract[];

/** Finds the contract of a topic at a given time: an alias ends on its date. */
export type FindContract = (topic: string, nowMs: number) => Contract | undefined;

export function contractFinder(contracts: readonly Contract[]): FindContract {
  const byTopic = new Map(contracts.map((contract) => [contract.topic, contract]));
  const byAlias = (topic: string, nowMs: number) =>
    contracts.find(({ aliases }) => aliases.some((alias) => alias.topic === topic && nowMs < Date.parse(alias.until)));
  return (topic, nowMs) => byTopic.get(topic) ?? byAlias(topic, nowMs);
}

/** Finds the contract of a topic, by its name or an alias that has not ended. `nowMs`: milliseconds since 1970 UTC. */
export const findContract = contractFinder(CONTRACTS);
