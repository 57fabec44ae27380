import { sameContent } from "#domain/register.ts";
import type { JsonSchema } from "../describe.ts";
import { optionalPaths, without } from "./cases.ts";
import { fits } from "./fits.ts";

export type Shrinking = {
  /** Of the version that accepted the data. */
  readonly schema: JsonSchema;
  /** That version had checks beyond its schema, so only what cannot break them is tried: shorter text and lists. */
  readonly isRefined: boolean;
  /** Data that is not broken, towards which numbers are moved. */
  readonly sound: unknown;
  readonly isBroken: (data: unknown) => boolean;
};

/** The smallest data that the earlier version accepts and that is broken in the same way. */
export function shrink(data: unknown, shrinking: Shrinking): unknown {
  const { schema, isRefined, isBroken } = shrinking;
  const isCounterexample = (candidate: unknown) => fits(schema, candidate) && isBroken(candidate);
  let smallest = data;
  if (!isRefined) {
    // Inner members first: an object whose members are needed is kept.
    for (const path of optionalPaths(schema, []).toReversed()) {
      const candidate = without(smallest, path);
      if (isCounterexample(candidate)) smallest = candidate;
    }
  }
  return smaller(smallest, shrinking.sound, isRefined, isCounterexample);
}

/** The value with each of its leaves as small as it can be. `isBroken` is asked about the whole that it is part of. */
function smaller(value: unknown, sound: unknown, isRefined: boolean, isBroken: (value: unknown) => boolean): unknown {
  if (typeof value === "string") {
    const characters = [...value];
    return nearest(characters.length, (length) => characters.slice(0, length).join(""), isBroken) ?? value;
  }
  if (Array.isArray(value)) return nearest(value.length, (length) => value.slice(0, length), isBroken) ?? value;
  if (typeof value === "number" && typeof sound === "number" && !isRefined && !sameContent(value, sound)) {
    const step = value < sound ? -1 : 1;
    const base = value < sound ? Math.floor(sound) : Math.ceil(sound);
    return nearest(Math.floor(Math.abs(value - base)), (steps) => base + step * steps, isBroken) ?? value;
  }
  if (typeof value !== "object" || value === null) return value;
  const soundOf = (name: string) => (sound as Record<string, unknown> | undefined)?.[name];
  const whole: Record<string, unknown> = { ...value };
  for (const [name, member] of Object.entries(value)) {
    whole[name] = smaller(member, soundOf(name), isRefined, (inner) => isBroken({ ...whole, [name]: inner }));
  }
  return whole;
}

/** The first of `make(0…count)` that is broken, if the larger ones are too. */
function nearest<T>(count: number, make: (size: number) => T, isBroken: (value: T) => boolean): T | undefined {
  let [sound, broken] = [-1, count];
  if (!isBroken(make(broken))) return undefined;
  while (broken - sound > 1) {
    const middle = Math.floor((sound + broken) / 2);
    if (isBroken(make(middle))) broken = middle;
    else sound = middle;
  }
  return make(broken);
}
