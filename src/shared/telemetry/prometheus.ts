/** The content type of {@link familyText}: prometheus.io/docs/instrumenting/exposition_formats */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** One value of a metric. The suffix is that of a histogram's parts: `_bucket`, `_sum`, `_count`. */
export type Sample = {
  readonly suffix?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Family = { readonly kind: "counter" | "gauge" | "histogram"; readonly name: string; readonly help: string };

/** A metric with all its values, in the text format of Prometheus. */
export function familyText({ kind, name, help }: Family, samples: readonly Sample[]): string {
  const lines = samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join("")}`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
