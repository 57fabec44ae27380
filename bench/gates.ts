/** The gates of a run: ratios of figures of that same run, and counts; never times. */
export type Gate = {
  readonly name: string;
  readonly value: number;
  readonly must: "be at least" | "be at most";
  readonly bound: number;
};

export const atLeast = (bound: number, name: string, value: number): Gate => ({
  name,
  value,
  must: "be at least",
  bound,
});
export const atMost = (bound: number, name: string, value: number): Gate => ({
  name,
  value,
  must: "be at most",
  bound,
});

export const holds = ({ value, must, bound }: Gate): boolean =>
  must === "be at least" ? value >= bound : value <= bound;

/** One line per gate, and at the end whether all passed. */
export function judge(gates: readonly Gate[]): { readonly lines: readonly string[]; readonly broken: number } {
  const lines = gates.map((gate) => {
    const { name, value, must, bound } = gate;
    return `${holds(gate) ? "✓" : "✗"} ${name}: ${rounded(value)}, has to ${must} ${bound}`;
  });
  return { lines, broken: gates.filter((gate) => !holds(gate)).length };
}

export const rounded = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);

export const ms = (value: number): string => `${rounded(value)} ms`;
