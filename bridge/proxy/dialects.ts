import type { Dialect } from "../source-settings.ts";

/** Where proxies that speak the same API differ. A new proxy is a new entry. */
export type DialectRules = {
  readonly name: Dialect;
  /** The product, for messages. */
  readonly title: string;
  /** What creates an instance, in the types that the proxy insists on. */
  readonly create: (wanted: InstanceWish) => Readonly<Record<string, unknown>>;
  /** What `auto.offset.reset` may be. */
  readonly resets: readonly Reset[];
  /** The name of the list in the body of a commit. */
  readonly commitMember: "offsets" | "partitions";
  /** Which offset a commit names: that of the last record, of which the proxy or its next instance makes the next one, or the next one. */
  readonly commits: "last" | "next";
  /** Which offset `GET offsets` answers, or `null` if it cannot be asked. */
  readonly committed: "last" | "next" | null;
  /** Where the partitions of an instance can be asked, or `null`. */
  readonly assigned: "assignments" | "subscription" | null;
  /** Whether `GET /topics/T/partitions/P/offsets` answers. */
  readonly hasRanges: boolean;
  /**
   * Whether a new instance goes on at what the group has committed. One that begins at the beginning brings everything
   * again, which is then left out here.
   */
  readonly resumes: boolean;
  /** The longest that a poll may wait. A proxy that waits the whole time, whatever has come, would keep records so long. */
  readonly longestPollMs: number;
};

export type Reset = "earliest" | "latest";

export type InstanceWish = { readonly name: string; readonly reset: Reset; readonly pollTimeoutMs: number };

/**
 * Every option that turns automatic commits off is written as the proxy reads it: Strimzi takes no other name and no
 * text, Redpanda nothing but text, and Karapace ignores a name that it does not know, and would commit.
 */
export const DIALECTS: Readonly<Record<Dialect, DialectRules>> = {
  confluent: {
    name: "confluent",
    title: "Confluent REST Proxy",
    create: confluentOptions,
    resets: ["earliest", "latest"],
    commitMember: "offsets",
    commits: "last",
    committed: "next",
    assigned: "assignments",
    hasRanges: true,
    resumes: true,
    longestPollMs: 60_000,
  },
  karapace: {
    name: "karapace",
    title: "Karapace",
    create: confluentOptions,
    resets: ["earliest", "latest"],
    commitMember: "offsets",
    commits: "last",
    committed: "next",
    assigned: "assignments",
    hasRanges: true,
    resumes: true,
    longestPollMs: 500,
  },
  strimzi: {
    name: "strimzi",
    title: "Strimzi's bridge",
    create: ({ name, reset, pollTimeoutMs }) => ({
      name,
      format: "binary",
      "auto.offset.reset": reset,
      "enable.auto.commit": false,
      "fetch.min.bytes": 1,
      "consumer.request.timeout.ms": pollTimeoutMs,
    }),
    resets: ["earliest", "latest"],
    commitMember: "offsets",
    commits: "next",
    committed: null,
    assigned: "subscription",
    hasRanges: true,
    resumes: true,
    longestPollMs: 60_000,
  },
  redpanda: {
    name: "redpanda",
    title: "Redpanda's HTTP proxy",
    create: ({ name, reset, pollTimeoutMs }) => ({
      name,
      format: "binary",
      "auto.offset.reset": reset,
      "auto.commit.enable": "false",
      "fetch.min.bytes": "1",
      "consumer.request.timeout.ms": `${pollTimeoutMs}`,
    }),
    resets: ["earliest"],
    commitMember: "partitions",
    // It stores what it is sent, and since 26.1 a new instance goes on one behind that (redpanda-data/redpanda#31112):
    // the next offset, stored, would skip a record. Instances before 26.1 always begin at the beginning.
    commits: "last",
    committed: "last",
    assigned: null,
    hasRanges: false,
    resumes: false,
    longestPollMs: 60_000,
  },
};

function confluentOptions({ name, reset, pollTimeoutMs }: InstanceWish) {
  return {
    name,
    format: "binary",
    "auto.offset.reset": reset,
    "auto.commit.enable": "false",
    "fetch.min.bytes": 1,
    // A poll's own timeout can only be shorter than this.
    "consumer.request.timeout.ms": pollTimeoutMs,
  };
}
