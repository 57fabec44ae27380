import type { Paged } from "../paged.ts";
import { countOf } from "./numbers.ts";

type PagerProps = { readonly list: Paged<unknown>; readonly what: string };

/** How many of a list are shown, and the next page of it. */
export const Pager = ({ list: { items = [], hasMore, isBusy, more }, what }: PagerProps) => (
  <div class="row spread pager">
    <span class="muted" role="status">
      {hasMore
        ? `The first ${countOf(items.length)} ${what}`
        : `${countOf(items.length)} ${items.length === 1 ? what.replace(/s$/, "") : what}`}
    </span>
    <span class="muted keys">
      <kbd>j</kbd> <kbd>k</kbd> through the list, <kbd>Enter</kbd> opens
    </span>
    {hasMore && (
      <button type="button" onClick={more} disabled={isBusy}>
        Show more
      </button>
    )}
  </div>
);
