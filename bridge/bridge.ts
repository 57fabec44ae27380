import { setTimeout as wait } from "node:timers/promises";
import type { Listener } from "./events.ts";
import { runSession, type SessionDeps, type SessionSettings } from "./session.ts";
import { StopError } from "./source.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Carries records from the source to the boundary until the signal, or with `once` to the high-water marks. A position is
 * committed only when the boundary has answered for every record before it: whatever happens, records may come again,
 * and none is lost.
 * @returns why it ended @throws StopError when it cannot go on
 */
export async function runBridge(settings: SessionSettings, deps: SessionDeps, signal: AbortSignal): Promise<string> {
  const { source, random } = deps;
  let hasCommitted = false;
  const emit: Listener = (event) => {
    hasCommitted ||= event.kind === "committed";
    deps.emit(event);
  };
  const targets = new Map<string, number>();
  try {
    for (let failures = 0; !signal.aborted; ) {
      hasCommitted = false;
      const end = await runSession(settings, { ...deps, emit }, targets, signal);
      if (end.kind === "complete") return report(emit, "everything up to the high-water marks is delivered");
      if (signal.aborted) break;
      // A session that came forward may fail often, as behind a proxy that restarts again and again.
      if (hasCommitted) failures = 0;
      failures = end.failed ? failures + 1 : 0;
      const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
      const retryInMs = failures === 0 ? 0 : Math.round(longest * (0.5 + random() / 2));
      emit({ kind: "session.ended", reason: end.reason, failed: end.failed, retryInMs });
      await wait(retryInMs, undefined, { signal }).catch(() => undefined);
    }
    return report(emit, "it was asked to end");
  } catch (error) {
    if (error instanceof StopError) report(emit, error.message, true);
    throw error;
  } finally {
    await source.close();
  }
}

function report(emit: Listener, reason: string, failed = false): string {
  emit({ kind: "ended", reason, failed });
  return reason;
}
