/** W3C trace context (w3.org/TR/trace-context), as far as it is passed on. */
export type Trace = {
  readonly traceparent: string;
  readonly traceId: string;
  /** The trace is sampled: each Worker on the way logs a line for it. */
  readonly isSampled: boolean;
};

/** @returns `undefined` for an invalid trace: it travels with records, and could be of any length */
export function parseTrace(header: string | null | undefined): Trace | undefined {
  const [traceparent, traceId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(header ?? "") ?? [];
  if (!traceparent || !traceId || !flags || traceparent.startsWith("ff") || /^0+$/.test(traceId)) return undefined;
  return { traceparent, traceId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
