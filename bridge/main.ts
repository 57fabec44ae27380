import { Progress } from "../cli/terminal/progress.ts";
import type { Terminal } from "../cli/terminal/terminal.ts";
import { runBridge } from "./bridge.ts";
import { boundary } from "./delivery/boundary.ts";
import { type DryRunReport, dryRun, forDryRun } from "./dry-run.ts";
import type { Listener } from "./events.ts";
import type { Decode } from "./session.ts";
import {
  boundarySettings,
  registrySettings,
  type SourceSettings,
  sessionSettings,
  sourceSettings,
} from "./settings/assemble.ts";
import type { BridgeSettings } from "./settings/schema.ts";
import { keepHeapSmall } from "./small-heap.ts";
import type { Source } from "./source.ts";
import type { RegistrySettings } from "./source-settings.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";

/** What a bridge is put together from, besides its settings. Tests bring their own. */
export type BridgeParts = {
  readonly openSource: (settings: SourceSettings, emit: Listener) => Promise<Source>;
  readonly openDecoder: (settings: RegistrySettings | null, emit: Listener) => Promise<Decode>;
};

/**
 * Runs a bridge until SIGTERM or Ctrl-C, or with `once` to the high-water marks, and shows it at work.
 * @throws StopError when it cannot go on, or cannot begin
 */
export async function carryRecords(
  settings: BridgeSettings,
  once: boolean,
  terminal: Terminal,
  { openSource, openDecoder }: BridgeParts,
): Promise<void> {
  keepHeapSmall();
  const stopping = new AbortController();
  const telemetry = await startTelemetry(settings, terminal);
  const { emit } = telemetry;
  const stopListening = terminal.onStop((signal) => {
    telemetry.log(stopEntry(signal, settings.drainMs));
    stopping.abort(new Error(signal));
  });
  try {
    const decode = await openDecoder(registrySettings(settings), emit);
    const source = await openSource(sourceSettings(settings), emit);
    const send = boundary(boundarySettings(settings));
    const deps = { source, send, decode, emit, random: Math.random };
    await runBridge(sessionSettings(settings, once), deps, stopping.signal);
  } finally {
    stopListening();
    telemetry.close();
  }
}

/**
 * Checks what a bridge of a new group would read, and sends nothing.
 * @throws StopError when it cannot go on
 */
export async function checkRecords(
  settings: BridgeSettings,
  terminal: Terminal,
  { openSource, openDecoder }: BridgeParts,
): Promise<DryRunReport> {
  const stopping = new AbortController();
  const stopListening = terminal.onStop((signal) => stopping.abort(new Error(signal)));
  const progress = new Progress(terminal.screen, terminal.now);
  let read = 0;
  const emit: Listener = (event) => {
    if (event.kind === "consumed") read += event.records.length;
    if (event.kind === "consumed") progress.show(read, null, "records read");
    if (event.kind === "session.ended") terminal.note(`${event.reason}; trying again`);
    if (event.kind === "topics.missing")
      terminal.note(`does not exist, and was not checked: ${event.topics.join(", ")}`);
    if (event.kind === "topics.ignored")
      terminal.note(`not named as Concord's topics, and left out: ${event.topics.join(", ")}`);
  };
  try {
    const decode = await openDecoder(registrySettings(settings), emit);
    const source = await openSource(forDryRun(sourceSettings(settings)), emit);
    return await dryRun({ source, decode, emit, now: terminal.now }, stopping.signal);
  } finally {
    progress.end();
    stopListening();
  }
}

function stopEntry(signal: string, drainMs: number) {
  const limit = `for at most ${drainMs / 1_000} s`;
  const message = `${signal}: delivering and committing what is in memory, ${limit}; another signal ends at once`;
  return { level: "info", event: "bridge.stopping", message, attributes: { signal } } as const;
}
