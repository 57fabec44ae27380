/** The faults of the two Workers that write. The platform documents every kind. */
export const FAULT_KINDS = [
  "D1 fails before",
  "D1 fails after the commit",
  "D1 is slow",
  "D1 is out",
  "object fails before",
  "object fails after",
  "object is overloaded",
  "queue refuses",
  "queue takes it and fails",
  "handler dies before",
  "handler dies, acks lost",
  "answer lost",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** The probability of each kind per call. A kind without one does not happen. */
export type FaultPlan = Readonly<Partial<Record<FaultKind, number>>>;

/** How often each kind was injected. */
export type FaultCounts = Readonly<Partial<Record<FaultKind, number>>>;

/** The path at which a wrapped Worker receives its faults. The front door does not route it. */
export const CONTROL_PATH = "/__soak/faults";

export type Phase = { readonly name: string; readonly seconds: number; readonly plan: FaultPlan };

export const CALM: FaultPlan = {};

/**
 * Low enough that the soak ends: a round that fails waits for its backoff, and the crash net would rightly take a
 * parcel whose consumer died eleven times for a killer.
 */
const FAULTY: FaultPlan = {
  "D1 fails before": 0.06,
  "D1 fails after the commit": 0.06,
  "D1 is slow": 0.03,
  "object fails before": 0.02,
  "object fails after": 0.02,
  "object is overloaded": 0.01,
  // `sendAll` tries twice, so the handlers see the square of this.
  "queue refuses": 0.2,
  "queue takes it and fails": 0.1,
  "handler dies before": 0.03,
  "handler dies, acks lost": 0.05,
  "answer lost": 0.03,
};

const OUTAGE: FaultPlan = { ...FAULTY, "D1 is out": 1 };

/** One round of weather: a minute, or less if the whole soak is shorter. */
export function phasesOf(minutes: number): Phase[] {
  const cycles = Math.max(1, Math.round(minutes));
  const unit = (minutes * 60) / cycles / 60;
  const cycle: Phase[] = [
    { name: "calm", seconds: 10 * unit, plan: CALM },
    { name: "faults", seconds: 25 * unit, plan: FAULTY },
    { name: "D1 out", seconds: 5 * unit, plan: OUTAGE },
    { name: "faults", seconds: 10 * unit, plan: FAULTY },
    { name: "calm", seconds: 10 * unit, plan: CALM },
  ];
  return Array.from({ length: cycles }, () => cycle).flat();
}
