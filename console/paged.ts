import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { toRefusal } from "./answer.ts";
import { ask, type Refusal } from "./client.ts";
import { useResumed } from "./sign-in/use-session.ts";

/** A list that comes in pages. What is there stays while it is asked for anew, beside what went wrong with that. */
export type Paged<T> = {
  readonly items: readonly T[] | undefined;
  readonly hasMore: boolean;
  readonly isBusy: boolean;
  readonly refusal: Refusal | undefined;
  readonly more: () => void;
  /** The first page anew, and no other: what stood on the others may have moved. */
  readonly reload: () => void;
};

type Kept<T> = {
  readonly path: string;
  readonly items?: readonly T[];
  readonly pages: number;
  readonly nextCursor: string | null;
  readonly refusal?: Refusal | undefined;
};

/**
 * Requests a list page by page, and its first page again every so many seconds while no other page is shown.
 * @param path behind /ops/api
 * @param member of the answer that holds the list
 */
export function usePaged<T>(path: string, member: string, everySeconds?: number): Paged<T> {
  const [kept, setKept] = useState<Kept<T>>({ path, pages: 0, nextCursor: null });
  const [isBusy, setIsBusy] = useState(false);
  const asking = useRef<AbortController>(undefined);

  const load = useCallback(
    (after?: string) => {
      asking.current?.abort();
      const mine = new AbortController();
      asking.current = mine;
      setIsBusy(true);
      ask<Record<string, unknown>>("GET", withCursor(path, after), undefined, mine.signal).then(
        (page) => {
          asking.current = undefined;
          const items = page[member] as readonly T[];
          const nextCursor = page.nextCursor as string | null;
          setIsBusy(false);
          setKept((last) =>
            after === undefined || last.path !== path
              ? { path, items, pages: 1, nextCursor }
              : { path, items: [...(last.items ?? []), ...items], pages: last.pages + 1, nextCursor },
          );
        },
        (thrown) => {
          if (mine.signal.aborted) return;
          asking.current = undefined;
          setIsBusy(false);
          setKept((last) => ({ ...ofPath(last, path), refusal: toRefusal(thrown) }));
        },
      );
    },
    [path, member],
  );

  useEffect(() => {
    load();
    return () => asking.current?.abort();
  }, [load]);

  const { items, pages, nextCursor, refusal } = ofPath(kept, path);
  useEffect(() => {
    if (everySeconds === undefined || pages > 1) return;
    // A request in flight, also of the next page, is awaited.
    const again = () => document.visibilityState === "visible" && !asking.current && load();
    const timer = setInterval(again, everySeconds * 1_000);
    return () => clearInterval(timer);
  }, [everySeconds, load, pages]);

  const isUnknown = refusal?.status === 401;
  useResumed(useCallback(() => void (isUnknown && load()), [isUnknown, load]));

  const more = () => nextCursor !== null && load(nextCursor);
  return { items, hasMore: nextCursor !== null, isBusy, refusal, more, reload: () => load() };
}

/** Nothing of what was asked for before, once something else is. */
const ofPath = <T>(kept: Kept<T>, path: string): Kept<T> =>
  kept.path === path ? kept : { path, pages: 0, nextCursor: null };

const withCursor = (path: string, after: string | undefined): string =>
  after === undefined ? path : `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams({ after })}`;
