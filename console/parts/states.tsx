import type { ComponentChildren } from "preact";
import type { Answer } from "../answer.ts";
import type { Refusal } from "../client.ts";

/** Grey bars in place of data that is loading. */
export const Loading = ({ rows = 3, what }: { readonly rows?: number; readonly what: string }) => (
  <div class="loading" role="status" aria-label={`Loading ${what}`}>
    {Array.from({ length: rows }, (_, i) => (
      <div key={i} class="skeleton" />
    ))}
  </div>
);

/** An empty state: that there is no data, and why or what to do. */
export const Empty = ({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children && <div class="muted">{children}</div>}
  </div>
);

/** An error in the API's own words, with a button to try again where that can help. */
export const ErrorMessage = ({ refusal, onRetry }: { readonly refusal: Refusal; readonly onRetry?: () => void }) => (
  <div class="error-message" role="alert">
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

/** Loading, an error, or the data; the last data stays below the error of a newer request. */
export function Answered<T>({ answer, what, rows, children }: AnsweredProps<T>) {
  const { data, refusal, reload } = answer;
  return (
    <>
      {refusal && <ErrorMessage refusal={refusal} onRetry={reload} />}
      {data !== undefined ? children(data) : !refusal && <Loading what={what} {...(rows && { rows })} />}
    </>
  );
}
