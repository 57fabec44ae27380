import { SOURCES, type Source } from "./event.ts";

/**
 * The key of one source's record of a dealer or a customer: `{source}:{id}`. Ids belong to a source, like those of
 * devices, so that no source can change the record of another.
 */
export type PartyKey = `${Source}:${string}`;

/** The key of a source's record of a dealer or customer: `elt:D-7` of `elt` and `D-7`. */
export const partyKeyOf = (source: Source, id: string): PartyKey => `${source}:${id}`;

/** Groups of sources whose ids mean the same dealers and customers. Of several groups with an id, readers see the first. */
export type Registers = readonly (readonly Source[])[];

/** Every source in a group of its own. */
export const SEPARATE: Registers = SOURCES.map((source) => [source]);

/**
 * Parses `SHARED_REGISTERS`: groups of sources such as `infinity+elt`, separated by spaces. A source that is not named
 * has a group of its own.
 * @returns the problem, if the text names an unknown source or a source twice
 */
export function parseRegisters(text: string): Registers | { readonly problem: string } {
  const groups = text.split(/\s+/).filter((group) => group !== "");
  const named = groups.flatMap((group) => group.split("+"));
  const unknown = named.find((name) => !SOURCES.some((source) => source === name));
  if (unknown !== undefined) return { problem: `names ${JSON.stringify(unknown)}, which is no source` };
  if (new Set(named).size < named.length) return { problem: "names a source twice" };
  const groupOf = (source: Source): readonly Source[] => {
    const group = groups.map((each) => each.split("+")).find((each) => each.includes(source));
    return group ? SOURCES.filter((each) => group.includes(each)) : [source];
  };
  return SOURCES.map(groupOf).filter((group, i) => group[0] === SOURCES[i]);
}

/** The group that a source belongs to. */
export const findRegister = (registers: Registers, source: Source): readonly Source[] =>
  registers.find((register) => register.includes(source)) ?? [source];
