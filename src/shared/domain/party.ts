import { SOURCES, type Source } from "./event.ts";

/**
 * What one source says of a dealer or a customer: `{source}:{id}`. Ids are a source's own, as those of devices are, so
 * nothing that one source says touches what another said.
 */
export type PartyKey = `${Source}:${string}`;

export const partyKeyOf = (source: Source, id: string): PartyKey => `${source}:${id}`;

/** Sources that speak of the same dealers and customers: one list a register, in the order in which they are read. */
export type Registers = readonly (readonly Source[])[];

/** Each source for itself. */
export const SEPARATE: Registers = SOURCES.map((source) => [source]);

/**
 * Reads which sources share a register: `infinity+elt`, several groups with spaces between them. A source that is named
 * in none has its own.
 * @returns what is wrong with it, where it is none
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

/** The sources that speak of the same as this one does. */
export const registerOf = (registers: Registers, source: Source): readonly Source[] =>
  registers.find((register) => register.includes(source)) ?? [source];

/** The same of a setting that was found sound when the Worker started. @throws Error */
export function registersIn(text: string): Registers {
  const registers = parseRegisters(text);
  if ("problem" in registers) throw new Error(`SHARED_REGISTERS ${registers.problem}`);
  return registers;
}
