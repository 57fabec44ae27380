import { outputOf } from "../../cli/terminal/output.ts";
import type { Terminal } from "../../cli/terminal/terminal.ts";
import type { BridgeEvent } from "../events.ts";
import type { BridgeSettings } from "../settings/schema.ts";
import type { LogEntry } from "./log.ts";
import { Logger } from "./logger.ts";
import { BridgeMetrics } from "./metrics.ts";
import { serveTelemetry } from "./server.ts";
import { BridgeState } from "./state.ts";
import { StatusWatch, standingEntries, statusEntry, statusLine } from "./status.ts";
import { StatusScreen } from "./status-screen.ts";

export type Telemetry = {
  readonly emit: (event: BridgeEvent) => void;
  readonly log: (entry: LogEntry) => void;
  readonly close: () => void;
};

/** How often the status line is drawn, and how often it is logged where there is no terminal. */
const DRAWN_MS = 1_000;
const LOGGED_MS = 10_000;

/**
 * All that shows a bridge at work: the log, the status line, /metrics and /healthz.
 * @throws StopError if /metrics cannot be served
 */
export async function startTelemetry(
  { log, http, group, from }: Pick<BridgeSettings, "log" | "http" | "group" | "from">,
  terminal: Terminal,
): Promise<Telemetry> {
  const { now, screen, isTty } = terminal;
  const { output } = outputOf(terminal);
  const state = new BridgeState(now, from === "earliest");
  const metrics = new BridgeMetrics(state, group);
  const status = new StatusWatch(state, now);
  const drawn = screen.isTTY ? new StatusScreen(screen) : undefined;
  const above = (write: (line: string) => void) => (line: string) => {
    drawn?.clear();
    write(line);
  };
  const format = log.format ?? (isTty ? "text" : "json");
  const deps = { line: above(output.line), json: above(output.json), now };
  const logger = new Logger({ format, level: log.level, group }, deps);
  const server = http.port === 0 ? undefined : await serveTelemetry(http, state, metrics, now);
  const show = () => {
    if (drawn) drawn.draw(statusLine(status.look()));
    else logger.write(statusEntry(status.look()));
  };
  const timer = setInterval(show, drawn ? DRAWN_MS : LOGGED_MS);
  return {
    emit: (event) => {
      state.on(event);
      metrics.on(event);
      if (event.kind === "ended") for (const entry of standingEntries(state)) logger.write(entry);
      logger.on(event);
    },
    log: (entry) => logger.write(entry),
    close: () => {
      clearInterval(timer);
      drawn?.clear();
      server?.close();
    },
  };
}
