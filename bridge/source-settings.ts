/** What both kinds of sources need to know. */
export type GroupSettings = {
  /** The consumer group whose positions are committed. */
  readonly group: string;
  /** Names this bridge to brokers and proxies, in their logs and as a member of the group. */
  readonly clientId: string;
  readonly topics: TopicChoice;
  /** Where a partition begins that the group has no position for. */
  readonly from: StartFrom;
};

/** With a pattern, topics that are made later are found within `refreshMs`. */
export type TopicChoice =
  | { readonly kind: "list"; readonly topics: readonly string[] }
  | { readonly kind: "pattern"; readonly pattern: RegExp; readonly refreshMs: number };

export type StartFrom = "earliest" | "latest" | { readonly timestampMs: number };

export type BrokerSettings = GroupSettings & {
  /** `host:port`, some of the cluster's. */
  readonly brokers: readonly string[];
  /** `consumer` is KIP-848's protocol, which brokers have since 4.0. */
  readonly groupProtocol: "classic" | "consumer";
  readonly tls: TlsSettings | null;
  readonly sasl: SaslSettings | null;
};

/** Contents of PEM files. */
export type TlsSettings = {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  /** Off only for tests: anybody can then be the server. */
  readonly verify: boolean;
};

export type SaslSettings =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: "OAUTHBEARER"; readonly token: () => Promise<string> };

export type Dialect = "confluent" | "karapace" | "strimzi" | "redpanda";

export type ProxySettings = GroupSettings & {
  readonly url: URL;
  /** `null`: found out by asking. */
  readonly dialect: Dialect | null;
  /**
   * What to do with the `base_uri` that a proxy gives a new instance: take it, take its path on the host of `url`, or
   * build it from `url`. Proxies behind load balancers and in containers tend to name hosts that cannot be reached.
   */
  readonly baseUri: "use" | "rewrite-host" | "ignore";
  /** The value of the `Authorization` header, if the proxy wants one. */
  readonly authorization: string | null;
  /** How long a poll waits for records. */
  readonly pollTimeoutMs: number;
  /** After which any call is given up, and the instance with it. */
  readonly callTimeoutMs: number;
};

export type RegistrySettings = {
  readonly url: URL;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
};
