/**
 * How a partition moves from one database to another while events arrive. Each phase is a version of the map, which
 * consumers and readers take at different times, so two neighbouring phases have to be right side by side. A step to the
 * next one waits until everybody uses the present one: then no more than two are ever in use.
 */
export const PHASES = ["old", "both", "flipped", "new"] as const;
export type Phase = (typeof PHASES)[number];

export type Side = "from" | "to";

/** Where a consumer writes, in this order, before it acknowledges. */
export const WRITES: Readonly<Record<Phase, readonly Side[]>> = {
  old: ["from"],
  both: ["from", "to"],
  flipped: ["from", "to"],
  new: ["to"],
};

/** Where a query is answered. */
export const READS: Readonly<Record<Phase, Side>> = { old: "from", both: "from", flipped: "to", new: "to" };

export type Move = {
  readonly phase: Phase;
  /** Whether no consumer and no reader uses an earlier version of the map any more. */
  readonly isUsedByAll: boolean;
  /** Devices whose state is not the same on both sides. */
  readonly differences: number;
};

export type Step = { readonly ok: true; readonly phase: Phase } | { readonly ok: false; readonly why: string };

/** The next phase, or why it has to wait. */
export function forward({ phase, isUsedByAll, differences }: Move): Step {
  const next = PHASES[PHASES.indexOf(phase) + 1];
  if (next === undefined) return no("the move is over");
  if (!isUsedByAll) return no("an earlier version of the map is still in use");
  if (next === "flipped" && differences > 0) return no(`${differences} devices differ: copy them again`);
  return { ok: true, phase: next };
}

/** The phase before, or why there is no way back: after the last step only another move leads back. */
export function backward({ phase, isUsedByAll }: Move): Step {
  const previous = PHASES[PHASES.indexOf(phase) - 1];
  if (previous === undefined) return no("nothing has begun");
  if (phase === "new") return no("events are written to the new database alone: move the partition back instead");
  if (!isUsedByAll) return no("an earlier version of the map is still in use");
  return { ok: true, phase: previous };
}

const no = (why: string): Step => ({ ok: false, why });
