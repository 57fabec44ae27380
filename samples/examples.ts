import { SOURCE_SPECS } from "#contracts/all-sources.ts";
import { exampleValue } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { MODELLED } from "./fleet.ts";
import type { SampleRecord } from "./record.ts";

export { MODELLED } from "./fleet.ts";

/** One device of each source that has no year of its own here: the examples of its contracts. */
export const exampleRecords = (told: readonly string[] = MODELLED): SampleRecord[] =>
  CONTRACTS.filter(({ source }) => !told.includes(source)).map((contract) => ({
    topic: contract.topic,
    key: SOURCE_SPECS[contract.source].example.deviceId,
    value: JSON.stringify(exampleValue(contract)),
  }));
