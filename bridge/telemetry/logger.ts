import type { BridgeEvent } from "../events.ts";
import { entryOf, LEVELS, type Level, type LogEntry } from "./log.ts";

export type LoggerSettings = {
  readonly format: "text" | "json";
  /** The lowest that is written. */
  readonly level: Level;
  /** The consumer group, in every line. */
  readonly group: string;
};

export type LoggerDeps = {
  /** Writes a line for people, or one of JSON. */
  readonly line: (line: string) => void;
  readonly json: (line: string) => void;
  readonly now: () => number;
};

/** An event that comes again and again has one line in so long, which says how many had none. */
const REPEAT_MS = 10_000;
const REPEATING: ReadonlySet<BridgeEvent["kind"]> = new Set([
  "undecodable",
  "registry.retried",
  "delivered",
  "delivery.retried",
  "record.refused",
  "commit.failed",
]);

/** Writes a bridge's events as lines of JSON, or of text for people. */
export class Logger {
  readonly #settings: LoggerSettings;
  readonly #deps: LoggerDeps;
  readonly #written = new Map<string, { atMs: number; suppressed: number }>();

  constructor(settings: LoggerSettings, deps: LoggerDeps) {
    this.#settings = settings;
    this.#deps = deps;
  }

  on(event: BridgeEvent): void {
    const entry = entryOf(event);
    if (!entry || !this.#isWritten(entry.level)) return;
    // At the level of debug, everything is asked for.
    if (entry.level === "debug" || !REPEATING.has(event.kind)) {
      this.write(entry);
      return;
    }
    const key = `${entry.event} ${entry.attributes["messaging.destination.name"] ?? ""}`;
    const last = this.#written.get(key);
    const nowMs = this.#deps.now();
    if (last && nowMs - last.atMs < REPEAT_MS) {
      last.suppressed += 1;
      return;
    }
    this.#written.set(key, { atMs: nowMs, suppressed: 0 });
    this.write(last?.suppressed ? withSuppressed(entry, last.suppressed) : entry);
  }

  write({ level, event, message, attributes }: LogEntry): void {
    if (!this.#isWritten(level)) return;
    const { format, group } = this.#settings;
    const time = new Date(this.#deps.now()).toISOString();
    if (format === "text") {
      this.#deps.line(`${time} ${level.padEnd(5)} ${message}`);
      return;
    }
    const common = { "messaging.system": "kafka", "messaging.consumer.group.name": group };
    this.#deps.json(JSON.stringify({ time, level, event, message, ...common, ...attributes }));
  }

  #isWritten(level: Level): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.#settings.level);
  }
}

const withSuppressed = (entry: LogEntry, suppressed: number): LogEntry => ({
  ...entry,
  message: `${entry.message} (${suppressed} more like it since the last line)`,
  attributes: { ...entry.attributes, suppressed },
});
