type SparklineProps = {
  /** The oldest first. */
  readonly values: readonly number[];
  /** What it shows, in words. */
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
};

/** A line without axes, from 0 to its own highest value. */
export function Sparkline({ values, label, width = 120, height = 24 }: SparklineProps) {
  const highest = Math.max(...values, 1);
  const step = width / Math.max(values.length - 1, 1);
  const points = values.map((value, i) => [i * step, height - 1 - (value / highest) * (height - 2)] as const);
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polygon points={`0,${height} ${line} ${width},${height}`} />
      <polyline points={line} />
    </svg>
  );
}
