import { describeFault, type LogFields, log } from "./log.ts";

/**
 * Logs what was thrown while a request was answered.
 * @returns the id of the line, which is all of it that the client may see
 */
export function logFault(event: string, thrown: unknown, fields: LogFields = {}): string {
  const id = crypto.randomUUID();
  log("error", event, { id, ...fields, ...describeFault(thrown) });
  return id;
}
