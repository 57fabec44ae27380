type Unit = "short" | "reqps" | "s" | "percentunit" | "bytes" | "rps";

export type Panel = {
  readonly title: string;
  /** How the value is read. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  readonly kind?: "timeseries" | "stat" | "state-timeline";
  /** Of 24. */
  readonly width?: number;
  /** The panel turns red above it. */
  readonly limit?: number;
};

export type Row = { readonly title: string; readonly panels: readonly Panel[] };

export const quantile = (share: number, metric: string, by: string) =>
  `histogram_quantile(${share}, sum by (le${by && `, ${by}`}) (rate(${metric}_bucket[$__rate_interval])))`;
export const rate = (metric: string, by = "") => `sum ${by && `by (${by}) `}(rate(${metric}[$__rate_interval]))`;
