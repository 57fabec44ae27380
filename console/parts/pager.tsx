import type { Paged } from "../paged.ts";
import { formatCount, pluralize } from "./numbers.ts";

/** What a list is of: one of it, and more than one. */
export type Noun = readonly [one: string, many: string];

type PagerProps = { readonly list: Paged<unknown>; readonly what: Noun };

/** How many of a list are shown, and the next page of it. */
export function Pager({ list: { items = [], hasMore, isBusy, more }, what: [one, many] }: PagerProps) {
  return (
    <div class="row spread pager">
      <span class="muted" role="status">
        {hasMore ? `The first ${formatCount(items.length)} ${many}` : pluralize(items.length, one, many)}
      </span>
      <span class="muted keys">
        <kbd>j</kbd> <kbd>k</kbd> to move, <kbd>Enter</kbd> to open
      </span>
      {hasMore && (
        <button type="button" onClick={more} disabled={isBusy}>
          Show more
        </button>
      )}
    </div>
  );
}
