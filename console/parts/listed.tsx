import type { ComponentChildren } from "preact";
import type { Paged } from "../paged.ts";
import { type Noun, Pager } from "./pager.tsx";
import { ErrorMessage, Loading } from "./states.tsx";

type ListedProps<T> = {
  readonly list: Paged<T>;
  /** What it is a list of. */
  readonly what: Noun;
  /** The empty state. */
  readonly empty: ComponentChildren;
  readonly children: (items: readonly T[]) => ComponentChildren;
};

/** Loading, an error, the empty state, or a list with its pager. */
export function Listed<T>({ list, what, empty, children }: ListedProps<T>) {
  const { items, refusal, reload } = list;
  return (
    <>
      {refusal && <ErrorMessage refusal={refusal} onRetry={reload} />}
      {items === undefined && !refusal && <Loading what={what[1]} rows={6} />}
      {items?.length === 0 && empty}
      {items !== undefined && items.length > 0 && (
        <>
          {children(items)}
          <Pager list={list} what={what} />
        </>
      )}
    </>
  );
}
