import { formatCount } from "./numbers.ts";
import "./stacked-bar.css";

/** A share of the whole. Its tone is that of a badge, or one that only bars have. */
export type Part = {
  readonly name: string;
  readonly count: number;
  readonly tone: "good" | "bad" | "warn" | "info" | "quiet" | "moving" | "known" | "past";
};

type BarProps = {
  readonly parts: readonly Part[];
  readonly total: number;
  /** What it shows, in words. */
  readonly label: string;
  /** A place that matters, as a count from the left. */
  readonly mark?: number;
};

/** One bar of many parts. What is missing to the total stays empty. */
export function StackedBar({ parts, total, label, mark }: BarProps) {
  const scale = 1_000 / Math.max(total, 1);
  let from = 0;
  const words = parts.filter(({ count }) => count > 0).map(({ name, count }) => `${formatCount(count)} ${name}`);
  return (
    <svg
      class="stacked-bar"
      viewBox="0 0 1000 10"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${words.join(", ") || "nothing"}, of ${formatCount(total)}`}
    >
      <rect class="ground" width={1_000} height={10} />
      {parts.map(({ name, count, tone }) => {
        const at = from;
        from += count;
        return <rect key={name} class={`fill-${tone}`} x={at * scale} width={count * scale} height={10} />;
      })}
      {mark !== undefined && mark > 0 && mark < total && (
        <rect class="mark" x={mark * scale - 1.5} width={3} height={10} />
      )}
    </svg>
  );
}

/** What the colours of a bar mean, with the counts. */
export const Legend = ({ parts }: { readonly parts: readonly Part[] }) => (
  <ul class="legend">
    {parts.map(({ name, count, tone }) => (
      <li key={name} class={count === 0 ? "none" : undefined}>
        <span class={`swatch fill-${tone}`} aria-hidden="true" />
        <strong>{formatCount(count)}</strong> {name}
      </li>
    ))}
  </ul>
);
