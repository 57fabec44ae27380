import * as z from "zod";
import { TOPIC_GRAMMAR } from "#contracts/topic.ts";
import { LIMITS } from "#queue/limits.ts";
import { isSecret, type Secret } from "./secret.ts";

/** What help, the documentation and the example file say about a setting. */
export type About = {
  readonly summary: string;
  /** Its placeholder. */
  readonly value: string;
  /** The name of its environment variable, where it is not made from its path. */
  readonly env?: string;
  /** What the example file shows for a setting that has no default. */
  readonly example?: string | readonly string[];
};

const about = <T extends z.ZodType>(schema: T, meta: About): T => schema.meta(meta);

const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int(error).min(min, error).max(max, error);
};

const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, `must be one of ${names.join(", ")}`);

const text = z.string("must be text").min(1, "must not be empty");

const names = z.array(text, "must be a list").min(1, "must name at least one");

/** Given by a variable of the environment, or in a file; a list of processes would show it as a flag, and a file of settings is copied. */
const secret = z.custom<Secret>(isSecret, "must be given by the environment or in a file");

const address = text.refine(
  isAddress,
  "must be an address such as https://concord.example.com, without user and password",
);

function isAddress(given: string): boolean {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.password;
}

const pattern = text.refine((given) => {
  try {
    return new RegExp(given) instanceof RegExp;
  } catch {
    return false;
  }
}, "must be a regular expression");

const start = text.refine(
  (given) => given === "earliest" || given === "latest" || !Number.isNaN(parseStart(given)),
  "must be earliest, latest or a time with its zone, as 2026-11-01T08:00:00Z",
);

/** Milliseconds since 1970, or NaN for a text that is no time with a zone. */
export const parseStart = (given: string): number =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(given) ? Date.parse(given) : Number.NaN;

const brokers = z
  .array(text.regex(/^(\[[^\]]+\]|[^:/\s]+):\d{1,5}$/, "must be host:port"), "must be a list of host:port")
  .min(1, "must name at least one");

/**
 * The most bytes of one request, so that no limit of the boundary is exceeded: 4 MiB as it is sent, even where nothing
 * compresses, with a comma behind each record and the request's frame.
 */
const MAX_PARCEL_BYTES = LIMITS.bodyBytes - LIMITS.records - 1024;

/** All settings of the bridge. A group is a part of the file: `parcel: { records: 500 }`. */
export const BridgeSettings = z.strictObject({
  url: about(address, {
    value: "url",
    summary: "Concord's front door",
    env: "CONCORD_URL",
    example: "https://concord.example.com",
  }),
  credential: about(secret.optional(), {
    value: "id:secret",
    summary: "Credential that `concord credential` has made",
    env: "CONCORD_CREDENTIAL",
    example: "/run/secrets/concord-credential",
  }),
  token: about(secret.optional(), { value: "jwt", summary: "Bearer token for Concord, in place of a credential" }),
  group: about(text.default("concord-bridge"), {
    value: "name",
    summary: "Consumer group whose offsets are committed",
  }),
  clientId: about(text.default("concord-bridge"), {
    value: "name",
    summary: "Names this bridge to brokers and proxies",
  }),
  topics: about(names.optional(), {
    value: "topics",
    summary: "Topics, separated by commas; without them and a pattern, all that are named as Concord's",
    example: ["device.elt.status.reported", "device.ecobee.status.reported"],
  }),
  pattern: about(pattern.optional(), {
    value: "regexp",
    summary: "Takes all topics whose whole name matches, those that are made later too",
    example: TOPIC_GRAMMAR.source,
  }),
  patternRefreshMs: about(whole(1_000, 3_600_000).default(30_000), {
    value: "ms",
    summary: "How often new topics are looked for",
  }),
  from: about(start.default("earliest"), {
    value: "start",
    summary: "Where a partition begins without a committed offset: earliest, latest or a time",
  }),
  brokers: about(brokers.optional(), {
    value: "host:port",
    summary: "Some brokers of the cluster, separated by commas",
    example: ["kafka-1:9092", "kafka-2:9092"],
  }),
  groupProtocol: about(oneOf(["classic", "consumer"]).default("classic"), {
    value: "name",
    summary: "classic, or consumer (KIP-848), which brokers have since 4.0",
  }),
  tls: z.strictObject({
    enabled: about(z.boolean("must be true or false").optional(), {
      value: "boolean",
      summary: "Whether brokers are reached by TLS; it is when one of the others is set",
    }),
    ca: about(secret.optional(), { value: "pem", summary: "Certificates that are trusted in place of the system's" }),
    cert: about(secret.optional(), { value: "pem", summary: "Certificate of this client" }),
    key: about(secret.optional(), { value: "pem", summary: "Its private key" }),
    serverName: about(text.optional(), { value: "host", summary: "Name that the brokers' certificate has" }),
    verify: about(z.boolean("must be true or false").default(true), {
      value: "boolean",
      summary: "Off only for tests: anybody can then be the server",
    }),
  }),
  sasl: z.strictObject({
    mechanism: about(oneOf(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]).optional(), {
      value: "name",
      summary: "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
    }),
    username: about(text.optional(), { value: "name", summary: "User of PLAIN and SCRAM" }),
    password: about(secret.optional(), { value: "password", summary: "Password of PLAIN and SCRAM" }),
    token: about(secret.optional(), { value: "jwt", summary: "Token of OAUTHBEARER" }),
    tokenUrl: about(address.optional(), {
      value: "url",
      summary: "Endpoint that gives OAUTHBEARER tokens for client credentials",
    }),
    clientId: about(text.optional(), { value: "id", summary: "Client id at that endpoint" }),
    clientSecret: about(secret.optional(), { value: "secret", summary: "Client secret at that endpoint" }),
    scope: about(text.optional(), { value: "scope", summary: "Scope that is asked for there" }),
  }),
  proxy: z.strictObject({
    url: about(address.optional(), { value: "url", summary: "REST proxy, in place of brokers" }),
    dialect: about(oneOf(["confluent", "karapace", "strimzi", "redpanda"]).optional(), {
      value: "name",
      summary: "confluent, karapace, strimzi or redpanda; found out by asking",
    }),
    baseUri: about(oneOf(["use", "rewrite-host", "ignore"]).default("use"), {
      value: "how",
      summary: "The proxy's base_uri: use, rewrite-host (its path on the host of the url) or ignore",
    }),
    username: about(text.optional(), { value: "name", summary: "User at the proxy" }),
    password: about(secret.optional(), { value: "password", summary: "Password at the proxy" }),
    token: about(secret.optional(), { value: "jwt", summary: "Bearer token for the proxy" }),
    pollTimeoutMs: about(whole(100, 60_000).default(5_000), {
      value: "ms",
      summary: "How long a poll waits for records",
    }),
    callTimeoutMs: about(whole(1_000, 300_000).default(30_000), {
      value: "ms",
      summary: "After which a call of the proxy is given up",
    }),
  }),
  schemaRegistry: z.strictObject({
    url: about(address.optional(), {
      value: "url",
      summary: "Schema registry that decodes values in Confluent's wire format",
    }),
    username: about(text.optional(), { value: "name", summary: "User at the registry" }),
    password: about(secret.optional(), { value: "password", summary: "Password at the registry" }),
    token: about(secret.optional(), { value: "jwt", summary: "Bearer token for the registry" }),
  }),
  parcel: z.strictObject({
    records: about(whole(1, LIMITS.records).default(1_000), {
      value: "count",
      summary: `Most records of one request, at most ${LIMITS.records}`,
    }),
    bytes: about(whole(1_024, MAX_PARCEL_BYTES).default(1024 * 1024), {
      value: "bytes",
      summary: "Most bytes of one request before it is compressed; a larger record goes alone",
    }),
    lingerMs: about(whole(0, 60_000).default(20), {
      value: "ms",
      summary: "How long a record may wait for others of its request",
    }),
  }),
  requests: about(whole(1, 64).default(4), {
    value: "count",
    summary: "Requests in flight, each with other partitions",
  }),
  bufferBytes: about(whole(64 * 1024, 1024 ** 3).default(4 * 1024 * 1024), {
    value: "bytes",
    summary: "Records in memory, beyond which no more are read",
  }),
  compression: about(oneOf(["gzip", "none"]).default("gzip"), { value: "name", summary: "gzip or none" }),
  timeoutMs: about(whole(1_000, 300_000).default(30_000), {
    value: "ms",
    summary: "After which a request to Concord is sent again",
  }),
  commitMs: about(whole(50, 60_000).default(1_000), {
    value: "ms",
    summary: "How often delivered records are committed",
  }),
  drainMs: about(whole(0, 600_000).default(10_000), {
    value: "ms",
    summary: "How long SIGTERM or a rebalance lets it deliver what it has",
  }),
  http: z.strictObject({
    host: about(text.default("127.0.0.1"), { value: "host", summary: "Address of /metrics and /healthz" }),
    port: about(whole(0, 65_535).default(9_464), { value: "port", summary: "Their port; 0 turns them off" }),
  }),
  log: z.strictObject({
    format: about(oneOf(["text", "json"]).optional(), {
      value: "name",
      summary: "text or json; text on a terminal, json elsewhere",
    }),
    level: about(oneOf(["debug", "info", "warn", "error"]).default("info"), {
      value: "name",
      summary: "debug, info, warn or error",
    }),
  }),
});

export type BridgeSettings = z.output<typeof BridgeSettings>;
