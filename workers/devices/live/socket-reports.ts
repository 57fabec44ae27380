import type { MetricsReport } from "#telemetry/metrics.ts";

/** What is counted of a socket, by the kind of object that it ends in. */
export const SOCKET_REPORTS: Readonly<
  Record<"opened" | "closed", (kind: "device" | "dealer" | "hub") => MetricsReport>
> = {
  opened: (kind) => ({ socketsOpened: { [kind]: 1 } }),
  closed: (kind) => ({ socketsClosed: { [kind]: 1 } }),
};
