/** Values that may stand in a log line: ids, topics, versions, codes and counts. Never payloads, tokens or parameters. */
export type LogFields = Record<string, string | number | boolean | null | undefined | Record<string, number>>;

/** One line of JSON on the console, which Workers Logs indexes by member. */
export function log(level: "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}

/** The parts of a thrown value that may be logged and kept. Drizzle and D1 put SQL and parameters into messages. */
export function faultOf(thrown: unknown): { name: string; message: string } {
  if (!(thrown instanceof Error)) return { name: "NonError", message: "something other than an Error was thrown" };
  const [firstLine = ""] = thrown.message.split("\n");
  const message = firstLine.replace(/\s*(params|Params):.*$/, "").slice(0, 300);
  return { name: thrown.name, message: message.startsWith("Failed query") ? "a query failed" : message };
}
