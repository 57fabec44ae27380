import type { ProducerFault } from "./broker.ts";

/** The faults while one batch is handled. `nth` chooses the calls that fail, and is taken modulo. */
export type Faults = {
  readonly d1: "none" | "is out" | "fails before" | "breaks off at a statement" | "fails after the commit";
  readonly d1Nth: number;
  /** How long D1 takes before its commit, and again after it: long enough for other consumers to interleave. */
  readonly d1SlowMs: number;
  /** Whether other consumers change the devices between reading and writing them. */
  readonly overtaken: "none" | "once" | "every time";
  readonly object: "none" | "fails before" | "fails after" | "is overloaded" | "is reset";
  readonly objectNth: number;
  readonly hub: "none" | "fails before" | "fails after" | "is evicted" | "is reset" | "is repeated";
  readonly hubNth: number;
  readonly r2: "none" | "is out" | "fails before" | "fails after";
  readonly r2Nth: number;
  /** How long R2 takes before it has an object, and again until its answer. */
  readonly r2SlowMs: number;
  readonly events: ProducerFault;
  readonly deadLetters: ProducerFault;
  /** Where the handler's Worker dies with its work half done. */
  readonly dies:
    | "none"
    | "before D1"
    | "behind D1"
    | "behind the object"
    | "before the hub"
    | "before R2"
    | "behind R2";
  /** The handler's Worker dies after its last effect, and its dispositions are lost. */
  readonly acksLost: boolean;
};

export const NO_FAULTS: Faults = {
  d1: "none",
  d1Nth: 0,
  d1SlowMs: 0,
  overtaken: "none",
  object: "none",
  objectNth: 0,
  hub: "none",
  hubNth: 0,
  r2: "none",
  r2Nth: 0,
  r2SlowMs: 0,
  events: "none",
  deadLetters: "none",
  dies: "none",
  acksLost: false,
};

/** The faults of a schedule, and their places. */
export function named(faults: Faults): Partial<Faults> | undefined {
  const isNamed = (name: keyof Faults) => faults[name] !== NO_FAULTS[name];
  const needed: Partial<Record<keyof Faults, boolean>> = {
    d1Nth: isNamed("d1") || isNamed("dies"),
    objectNth: isNamed("object") || faults.dies === "behind the object",
    hubNth: isNamed("hub") || faults.dies === "before the hub",
    r2Nth: isNamed("r2") || faults.dies.endsWith("R2"),
  };
  const members = (Object.keys(faults) as (keyof Faults)[]).filter((name) => isNamed(name) && needed[name] !== false);
  return members.length > 0 ? Object.fromEntries(members.map((name) => [name, faults[name]])) : undefined;
}

type Named<Name extends keyof Faults> = Exclude<Faults[Name] & string, "none">;

/** The kinds of faults, as they are counted. */
export type FaultKind =
  | `D1 ${Named<"d1"> | "is slow"}`
  | `overtaken ${Named<"overtaken">}`
  | `object ${Named<"object">}`
  | `hub ${Named<"hub">}`
  | `R2 ${Named<"r2"> | "is slow"}`
  | `queue ${Named<"events">}`
  | `handler dies ${Named<"dies">}`
  | "acknowledgements lost"
  | "delivered again"
  | "dlq Worker is down"
  | "subscriber reconnects"
  | "subscriber drops"
  | "hub goes to sleep"
  | "hub dies"
  | typeof POISON
  | typeof THROWER
  | typeof KILLER;

/** After these a record may be in a queue twice, and have two outcomes. */
export const DOUBLING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "queue throws after",
  "queue throws half-way",
  "acknowledgements lost",
  "delivered again",
]);

/** After these something happened that the handler did not learn of, or learns of again. */
export const UNHEARD: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "overtaken every time",
  "D1 fails after the commit",
  "object fails after",
  "object is reset",
  "R2 fails after",
  "queue throws before",
  "handler dies before D1",
  "handler dies behind D1",
  "handler dies behind the object",
  "handler dies before the hub",
  "handler dies before R2",
  "handler dies behind R2",
  "killer",
]);

/** A device whose rows D1 refuses: only its own record fails. */
export const POISON = "poison";

/** A device whose object throws an error that a retry cannot help: only its own record fails. */
export const THROWER = "thrower";

/** A device whose record kills the whole Worker, as running out of memory would. */
export const KILLER = "killer";

/**
 * A device whose record its contract accepted at the boundary, while the consumer, deployed later, has another
 * contract.
 */
export const OUTDATED = "outdated";

/** The value of such a record, as parsed by the other contract. */
export const outdatedText = (value: string): string => value.replace('"online":true', '"online":"yes"');
