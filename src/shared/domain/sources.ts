// Written by `npm run generate` from the folders of src/shared/contracts that have a source.ts; not to be edited.
import type { SourceTraits } from "./source-traits.ts";

/**
 * By precedence: of several sources that have a record of the same dealer or customer id, readers see the record of the
 * first.
 */
export const SOURCES = ["infinity", "elt", "ecobee"] as const;
/** A system that publishes events. */
export type Source = (typeof SOURCES)[number];

export const SOURCE_TRAITS = {
  infinity: { title: "Infinity", takes: { acknowledgeAlert: true, setDesiredState: true } },
  elt: { title: "ELT", takes: { acknowledgeAlert: true, setDesiredState: true } },
  ecobee: { title: "ecobee", takes: { acknowledgeAlert: true, setDesiredState: true } },
} as const satisfies Readonly<Record<Source, SourceTraits>>;
