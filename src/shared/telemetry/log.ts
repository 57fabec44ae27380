/** Values that may stand in a log line: ids, topics, versions, codes and counts. Never payloads, tokens or parameters. */
export type LogFields = Record<string, string | number | boolean | null | undefined | Record<string, number>>;

/** One line of JSON on the console, which Workers Logs indexes by member. */
export function log(level: "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}

/**
 * The first function of ours that a thrown value came through, without its place: lines move with every deployment.
 * The platform's own frames, and those without a name, say nothing of where we went wrong.
 */
export function functionOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const frames = (thrown.stack ?? "").split("\n").slice(1);
  for (const frame of frames) {
    if (/\((?:node|cloudflare(?:-internal)?|native):/.test(frame)) continue;
    const name = /^\s*at (?:async )?(?:new )?([A-Za-z0-9_$.#]+) \(/.exec(frame)?.[1];
    if (name !== undefined && !/^(?:Object|Array|Promise|Function|Module)\b/.test(name)) return name.slice(0, 64);
  }
  return undefined;
}

/** The parts of a thrown value that may be logged and kept. Drizzle and D1 put SQL and parameters into messages. */
export function faultOf(thrown: unknown): { name: string; message: string } {
  if (!(thrown instanceof Error)) return { name: "NonError", message: "something other than an Error was thrown" };
  const [firstLine = ""] = thrown.message.split("\n");
  const message = firstLine.replace(/\s*(params|Params):.*$/, "").slice(0, 300);
  return { name: thrown.name, message: message.startsWith("Failed query") ? "a query failed" : message };
}
