import type * as z from "zod";
import { dataPath, type EnvelopePlaces, envelopePaths, memberAt, withMember } from "./envelope.ts";

/**
 * A version that a contract had before, of which records may still be in a queue, in a dead letter or in an archive.
 * Without `data` and `up` its records are read by the next version as they are: that is for a compatible change.
 */
export type EarlierVersion = {
  readonly version: number;
  /** What the version after it changed, in one sentence for the catalogue. */
  readonly changed: string;
  /** The schema of its `data` member. */
  readonly data?: z.ZodType | undefined;
  /** Turns its data into data of the next version. Pure. It cannot change the event's id, time or device. */
  readonly up?: ((data: never) => unknown) | undefined;
  /** Why it is right that events of this version break, or are read differently now. `npm run contracts:check` refuses that otherwise. */
  readonly reviewed?: string | undefined;
};

type Upcaster<Data extends z.ZodType> = {
  readonly version: number;
  readonly changed: string;
  readonly data: Data;
  readonly up: (data: z.output<Data>) => unknown;
  readonly reviewed?: string;
};

/** An earlier version whose data has to be converted. The type of what `up` gets follows from the schema. */
export const upcastFrom = <Data extends z.ZodType>(earlier: Upcaster<Data>): EarlierVersion => earlier;

/** @throws Error at startup if versions are missing between the earliest and the current one */
export function requireEveryStep(topic: string, version: number, earlier: readonly EarlierVersion[]): void {
  const first = version - earlier.length;
  const isWhole = first >= 1 && earlier.every((step, i) => step.version === first + i);
  if (isWhole) return;
  const given = earlier.map((step) => step.version).join(", ");
  throw new Error(`${topic} is at version ${version}, so its earlier versions must end with ${version - 1}: ${given}`);
}

/** The member of a record's value by which a producer may say which version of the contract it writes. */
export const VERSION_MEMBER = "contractVersion";

/** The Kafka header that says the same, for producers that do not want to change their values. The member comes first. */
export const VERSION_HEADER = "concord-contract-version";

/** A version in either place. Anything else there counts as not declared. */
export function readVersion(declared: unknown): number | undefined {
  const version = typeof declared === "string" && /^[1-9]\d{0,8}$/.test(declared) ? Number(declared) : declared;
  return typeof version === "number" && Number.isSafeInteger(version) && version >= 1 ? version : undefined;
}

/** The version by which a record is read: `version`, and its value in the form of the current version. */
export type AsCurrent = {
  readonly version: number;
  readonly value: unknown;
  /** The step that could not be taken. It is a mistake of the contract, and not of the record's producer. */
  readonly brokenStep?: number;
};

/** The versions of a contract: the current one, and those before it whose records are still read. */
export type Versions = {
  readonly version: number;
  readonly earlier: readonly EarlierVersion[];
  readonly places?: EnvelopePlaces | undefined;
};

/**
 * A record's value as the current version of its contract has it. If its data fits the version that it was written in,
 * it is converted step by step. If not, it is taken for the current version: it failed by its own, so perhaps its
 * producer was ahead of us.
 * @param version that the record was stamped with or that its producer declared; `undefined` for the current one
 */
export function toCurrent(contract: Versions, value: unknown, version: number | undefined): AsCurrent {
  const current = { version: contract.version, value };
  const steps = contract.earlier.filter((step) => version !== undefined && step.version >= version);
  const [first] = steps;
  if (!first || first.version !== version || typeof value !== "object" || value === null) return current;
  const at = dataPath(contract.places);
  let data = memberAt(value, at);
  let written: unknown;
  for (const { version: from, data: schema, up } of steps) {
    if (!schema || !up) continue;
    const parsed = schema.safeParse(data);
    if (!parsed.success) return written === undefined ? current : { ...current, brokenStep: from - 1 };
    try {
      data = up(parsed.data as never);
    } catch {
      return { ...current, brokenStep: from };
    }
    written ??= parsed.data;
  }
  const converted = written === undefined ? value : withData(value, at, { data, written });
  return { version, value: at.length > 0 ? converted : withEnvelopeOf(value, converted, contract.places) };
}

/** Data that stands in the value itself cannot replace the event's id, time or device. */
function withEnvelopeOf(value: object, converted: object, places: EnvelopePlaces | undefined): object {
  if (converted === value) return value;
  return envelopePaths(places).reduce((kept, at) => {
    const own = memberAt(value, at);
    return own === undefined ? kept : withMember(kept, at, own);
  }, converted);
}

/** The value with its data converted. Where the data is the value itself, the members beside it stay. */
function withData(
  value: object,
  at: readonly string[],
  { data, written }: { data: unknown; written: unknown },
): object {
  if (at.length > 0) return withMember(value, at, data);
  const beside = Object.entries(value).filter(([name]) => !Object.hasOwn(written as object, name));
  return { ...Object.fromEntries(beside), ...(data as object) };
}
