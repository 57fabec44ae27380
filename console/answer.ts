import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, listen, Refusal } from "./client.ts";
import { useResumed } from "./sign-in/use-session.ts";

/** A request's data and state. The last data stays during a refresh, beside the error of a failed one. */
export type Answer<T> = {
  readonly data: T | undefined;
  readonly refusal: Refusal | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
};

/**
 * Requests something, and again every so many seconds while the page is visible. A request in flight is awaited first: an
 * API that takes longer than the interval would otherwise never be shown.
 * @param path behind /ops/api; `null` asks for nothing
 */
export function useAnswer<T>(path: string | null, everySeconds?: number): Answer<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; refusal?: Refusal }>({ path });
  const [round, setRound] = useState(0);
  const asking = useRef({ isBusy: false, isDue: false });
  const reload = useCallback(() => {
    if (asking.current.isBusy) asking.current.isDue = true;
    else setRound((last) => last + 1);
  }, []);
  useEffect(() => {
    if (path === null) return;
    const leaving = new AbortController();
    const mine = { isBusy: true, isDue: false };
    asking.current = mine;
    ask<T>("GET", path, undefined, leaving.signal)
      .then(
        (data) => setState({ path, data }),
        (thrown) => {
          if (leaving.signal.aborted) return;
          setState((last) => ({ ...(last.path === path ? last : { path }), refusal: toRefusal(thrown) }));
        },
      )
      .finally(() => {
        mine.isBusy = false;
        if (mine.isDue && !leaving.signal.aborted) setRound((last) => last + 1);
      });
    return () => leaving.abort();
  }, [path, round]);
  useEffect(() => {
    if (everySeconds === undefined) return;
    const again = () => document.visibilityState === "visible" && !asking.current.isBusy && reload();
    const timer = setInterval(again, everySeconds * 1_000);
    return () => clearInterval(timer);
  }, [everySeconds, reload]);
  const isUnknown = state.refusal?.status === 401;
  useResumed(useCallback(() => void (isUnknown && reload()), [isUnknown, reload]));
  const isCurrent = state.path === path;
  const data = isCurrent ? state.data : undefined;
  const refusal = isCurrent ? state.refusal : undefined;
  return { data, refusal, isLoading: path !== null && data === undefined && refusal === undefined, reload };
}

/** How long to wait before a broken stream is opened again, at first and at most. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * Subscribes to a stream while the page is visible, and reconnects when it ends.
 * @returns why no events arrive, while that is so
 */
export function useStream<T>(path: string | null, onEvent: (event: T) => void): Refusal | undefined {
  const [refusal, setRefusal] = useState<Refusal>();
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => {
    if (path === null) return;
    let leaving: AbortController | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let waitMs = FIRST_WAIT_MS;
    const open = () => {
      leaving?.abort();
      clearTimeout(timer);
      if (document.visibilityState !== "visible") return;
      const mine = new AbortController();
      leaving = mine;
      const onEvent = (event: T) => {
        waitMs = FIRST_WAIT_MS;
        setRefusal(undefined);
        latest.current(event);
      };
      const again = () => {
        if (mine.signal.aborted) return;
        timer = setTimeout(open, waitMs);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      };
      listen<T>(path, { onEvent, onGap: setRefusal }, mine.signal).then(again, (thrown) => {
        if (!mine.signal.aborted) setRefusal(toRefusal(thrown));
        again();
      });
    };
    open();
    document.addEventListener("visibilitychange", open);
    return () => {
      document.removeEventListener("visibilitychange", open);
      clearTimeout(timer);
      leaving?.abort();
    };
  }, [path]);
  return refusal;
}

/** An action of the operator: whether it is in progress, and why it was refused. */
export type Action<Args extends unknown[]> = {
  readonly isBusy: boolean;
  readonly refusal: Refusal | undefined;
  readonly run: (...args: Args) => void;
};

type ActionOptions<T> = {
  /** What follows when it went well. */
  readonly onDone?: ((result: T) => void) | undefined;
  /** What the action was tried on. A refusal is shown until this changes: it says nothing of what came later. */
  readonly subject?: string | undefined;
};

/** Does something once at a time, and keeps why it was refused. */
export function useAction<Args extends unknown[], T>(
  action: (...args: Args) => Promise<T>,
  { onDone, subject }: ActionOptions<T> = {},
): Action<Args> {
  const [state, setState] = useState<{ isBusy: boolean; refusal?: Refusal; subject?: string | undefined }>({
    isBusy: false,
  });
  const isBusy = useRef(false);
  const run = (...args: Args) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setState({ isBusy: true });
    action(...args)
      .then(
        (result) => {
          setState({ isBusy: false });
          onDone?.(result);
        },
        (thrown) => setState({ isBusy: false, refusal: toRefusal(thrown), subject }),
      )
      .finally(() => {
        isBusy.current = false;
      });
  };
  return { isBusy: state.isBusy, refusal: state.subject === subject ? state.refusal : undefined, run };
}

export const toRefusal = (thrown: unknown): Refusal =>
  thrown instanceof Refusal
    ? thrown
    : new Refusal({ status: 0, code: "unexpected", message: "The console failed here. Reload the page." });
