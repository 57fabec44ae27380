import type { ComponentChildren } from "preact";
import type { Paged } from "../paged.ts";
import { type Noun, Pager } from "./pager.tsx";
import { Loading, Trouble } from "./states.tsx";

type ListedProps<T> = {
  readonly list: Paged<T>;
  /** What it is a list of. */
  readonly what: Noun;
  /** What stands there when there is nothing. */
  readonly empty: ComponentChildren;
  readonly children: (items: readonly T[]) => ComponentChildren;
};

/** One of loading, trouble, nothing, or a list with the way to its next page. */
export function Listed<T>({ list, what, empty, children }: ListedProps<T>) {
  const { items, refusal, reload } = list;
  return (
    <>
      {refusal && <Trouble refusal={refusal} onRetry={reload} />}
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
