import type { ComponentChildren } from "preact";
import type { Answer } from "../answer.ts";
import type { Refusal } from "../client.ts";

/** Grey bars where something will stand in a moment. */
export const Loading = ({ rows = 3, what }: { readonly rows?: number; readonly what: string }) => (
  <div class="loading" role="status" aria-label={`Loading ${what}`}>
    {Array.from({ length: rows }, (_, i) => (
      <div key={i} class="bone" />
    ))}
  </div>
);

/** Nothing to see, and why that is so or what to do about it. */
export const Empty = ({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children && <div class="muted">{children}</div>}
  </div>
);

/** What went wrong, in the API's words, and a way to try again where that can help. */
export const Trouble = ({ refusal, onRetry }: { readonly refusal: Refusal; readonly onRetry?: () => void }) => (
  <div class="trouble" role="alert">
    <p>{refusal.message}</p>
    {onRetry && (
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    )}
  </div>
);

type AnsweredProps<T> = {
  readonly answer: Answer<T>;
  /** What is loading, for those who cannot see the bars. */
  readonly what: string;
  readonly rows?: number;
  readonly children: (data: T) => ComponentChildren;
};

/** One of loading, trouble or what was asked for; the last answer stays under trouble with a newer one. */
export function Answered<T>({ answer, what, rows, children }: AnsweredProps<T>) {
  const { data, refusal, reload } = answer;
  return (
    <>
      {refusal && <Trouble refusal={refusal} onRetry={reload} />}
      {data !== undefined ? children(data) : !refusal && <Loading what={what} {...(rows && { rows })} />}
    </>
  );
}
