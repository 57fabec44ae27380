/**
 * Values that a log line may contain: ids, topics, versions, codes and counts. Never payloads, tokens or parameters.
 */
export type LogFields = Record<string, string | number | boolean | null | undefined | Record<string, number>>;

/** One line of JSON on the console, which Workers Logs indexes by member. */
export function log(level: "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}

/** The parts of a thrown value that may be logged and kept. Drizzle and D1 put SQL and parameters into messages. */
export function describeFault(thrown: unknown): { name: string; message: string } {
  if (!(thrown instanceof Error)) return { name: "NonError", message: "something other than an Error was thrown" };
  const [firstLine = ""] = thrown.message.split("\n");
  const message = firstLine.replace(/\s*(params|Params):.*$/, "").slice(0, 300);
  return { name: thrown.name, message: message.startsWith("Failed query") ? "a query failed" : message };
}

/**
 * The innermost function of ours in which an error was thrown. Without line numbers, which move with every release.
 * Code of libraries can only be recognised while it is not bundled.
 */
export function throwingFunction(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || typeof thrown.stack !== "string") return undefined;
  // A message may look like stack frames and be a producer's text, so reading starts after it. A message that was
  // changed later cannot be recognised.
  const headEnd = thrown.stack.indexOf(thrown.message) + thrown.message.length;
  if (headEnd < thrown.message.length) return undefined;
  for (const line of thrown.stack.slice(headEnd).split("\n")) {
    const { name, place } = FRAME.exec(line)?.groups ?? {};
    if (name && place && !name.includes("<anonymous>") && !NOT_OURS.test(place)) return name;
  }
  return undefined;
}

/** V8 writes `at async Type.method [as alias] (place)`; `Object.` only tells how a function was called. */
const FRAME = /^\s+at (?:async )?(?:new )?(?:Object\.)?(?<name>[\w$.#<>]{1,100})(?: \[as [^\]]*\])? \((?<place>.*)\)$/;

const NOT_OURS = /node_modules|^(?:node|internal|cloudflare|cloudflare-internal|native)\b|^<anonymous>|^index \d/;
