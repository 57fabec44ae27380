import type { StoredRecord } from "./broker.ts";

export type StandInDialect = "confluent" | "karapace" | "strimzi" | "redpanda" | "redpanda before 26.1";

type Problem = { readonly status: number; readonly code: number };

/** How a proxy was seen to behave, or what its source says. Written without a look at the bridge. */
export type ProxyHabits = {
  readonly root: { readonly status: number; readonly headers: Record<string, string>; readonly body: unknown };
  readonly relativeBaseUri: boolean;
  readonly taken: Problem;
  readonly unknown: Problem;
  /** What is wrong with the options of a new instance, and whether it commits by itself. */
  readonly create: (options: Readonly<Record<string, unknown>>) => {
    readonly refused?: Problem;
    readonly commitsItself: boolean;
  };
  readonly pollContentType: string;
  readonly record: (record: StoredRecord) => Record<string, unknown>;
  readonly commitList: "offsets" | "partitions";
  readonly commitStatus: number;
  /** What the broker stores of an offset that a commit names. */
  readonly toStored: (offset: number) => number;
  /** The record behind those that a stored offset speaks for. */
  readonly nextOf: (stored: number) => number;
  /** Where a new instance begins. */
  readonly startOf: (stored: number | undefined) => number;
  readonly answersOffsets: boolean;
  readonly answersAssignments: boolean;
  readonly subscriptionListsPartitions: boolean;
  readonly seeks: boolean;
  readonly answersLogRange: boolean;
  readonly needsContentType: boolean;
  readonly none: number;
};

const isOff = (value: unknown) => value === false || value === "false";

const confluent: ProxyHabits = {
  root: { status: 200, headers: { "Content-Type": "application/vnd.kafka.v2+json" }, body: {} },
  relativeBaseUri: false,
  taken: { status: 409, code: 40902 },
  unknown: { status: 404, code: 40403 },
  create: (options) => {
    const known = [
      "name",
      "format",
      "auto.offset.reset",
      "auto.commit.enable",
      "fetch.min.bytes",
      "consumer.request.timeout.ms",
    ];
    const isStrange = Object.keys(options).some((name) => !known.includes(name));
    return {
      ...(isStrange && { refused: { status: 422, code: 422 } }),
      commitsItself: !isOff(options["auto.commit.enable"]),
    };
  },
  pollContentType: "application/vnd.kafka.binary.v2+json",
  record: ({ topic, partition, offset, key, value }) => ({ topic, key, value, partition, offset }),
  commitList: "offsets",
  commitStatus: 200,
  toStored: (offset) => offset + 1,
  nextOf: (stored) => stored,
  startOf: (stored) => stored ?? 0,
  answersOffsets: true,
  answersAssignments: true,
  subscriptionListsPartitions: false,
  seeks: true,
  answersLogRange: true,
  needsContentType: false,
  none: -1001,
};

const karapace: ProxyHabits = {
  ...confluent,
  root: { status: 200, headers: { "Content-Type": "application/json", Server: "Karapace/6.2.0" }, body: {} },
  relativeBaseUri: true,
  create: (options) => ({
    ...(typeof options["fetch.min.bytes"] === "string" && { refused: { status: 422, code: 42204 } }),
    commitsItself: !isOff(options["auto.commit.enable"]),
  }),
  pollContentType: "application/vnd.kafka.json.v2+json",
  record: ({ topic, partition, offset, key, value, timestamp }) => ({
    key: key || null,
    offset,
    partition,
    timestamp,
    topic,
    value: value || null,
  }),
  commitStatus: 204,
};

const strimzi: ProxyHabits = {
  ...confluent,
  root: { status: 200, headers: { "Content-Type": "application/json" }, body: { bridge_version: "1.1.0" } },
  taken: { status: 409, code: 409 },
  unknown: { status: 404, code: 404 },
  create: (options) => {
    const known = [
      "name",
      "format",
      "auto.offset.reset",
      "enable.auto.commit",
      "fetch.min.bytes",
      "consumer.request.timeout.ms",
      "isolation.level",
    ];
    const isStrange = Object.keys(options).some((name) => !known.includes(name));
    const isText = typeof options["enable.auto.commit"] === "string";
    return {
      ...((isStrange || isText) && { refused: { status: 400, code: 400 } }),
      commitsItself: !isOff(options["enable.auto.commit"]),
    };
  },
  record: ({ topic, partition, offset, key, value, timestamp }) => ({
    topic,
    key,
    value,
    partition,
    offset,
    timestamp,
    headers: [{ key: "x-source", value: "c2FtcGxlcw==" }],
  }),
  commitStatus: 204,
  toStored: (offset) => offset,
  answersOffsets: false,
  answersAssignments: false,
  subscriptionListsPartitions: true,
};

const redpanda: ProxyHabits = {
  ...confluent,
  root: {
    status: 404,
    headers: { "Content-Type": "application/json", Server: "Seastar httpd" },
    body: { message: "Not found", code: 404 },
  },
  create: (options) => {
    const isText = Object.values(options).every((value) => typeof value === "string");
    const fits = options["auto.offset.reset"] === "earliest" && options["auto.commit.enable"] === "false";
    return { ...((!isText || !fits) && { refused: { status: 422, code: 422 } }), commitsItself: false };
  },
  commitList: "partitions",
  commitStatus: 204,
  toStored: (offset) => offset,
  nextOf: (stored) => stored + 1,
  startOf: (stored) => (stored === undefined ? 0 : stored + 1),
  answersAssignments: false,
  seeks: false,
  answersLogRange: false,
  needsContentType: true,
  none: -1,
};

export const HABITS: Readonly<Record<StandInDialect, ProxyHabits>> = {
  confluent,
  karapace,
  strimzi,
  redpanda,
  "redpanda before 26.1": { ...redpanda, startOf: () => 0 },
};
