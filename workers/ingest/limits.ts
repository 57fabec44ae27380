/** What one request may bring. All ours, unless a line says otherwise; a limit that bites names itself in the answer. */
export const LIMITS = {
  /** As it comes over the wire. */
  bodyBytes: 4 * 1024 * 1024,
  /** After gzip or deflate; a Worker has 128 MB for everything: developers.cloudflare.com/workers/platform/limits */
  inflatedBytes: 8 * 1024 * 1024,
  records: 5_000,
  /** In `records:batch`. The proxy's own limit is 10. */
  batchEntries: 100,
  /** A record with its envelope must fit a queue message of 128 KB: developers.cloudflare.com/queues/platform/limits */
  recordBytes: 64 * 1024,
  nesting: 32,
  headersPerRecord: 64,
  /** How long a v3 stream may stay open, in milliseconds. */
  streamMs: 15 * 60_000,
} as const;

/** Every topic has this many partitions to a client that asks. They only name a place in the answer: we keep no log. */
export const PARTITIONS = 16;
