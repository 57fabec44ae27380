import { TOPIC_GRAMMAR } from "#contracts/topic.ts";
import type { BoundarySettings } from "../delivery/boundary.ts";
import type { SessionSettings } from "../session.ts";
import type {
  BrokerSettings,
  GroupSettings,
  ProxySettings,
  RegistrySettings,
  SaslSettings,
  StartFrom,
  TlsSettings,
  TopicChoice,
} from "../source-settings.ts";
import { clientCredentials } from "./oauth.ts";
import { type BridgeSettings, parseStart } from "./schema.ts";
import type { Secret } from "./secret.ts";

export type SourceSettings =
  | { readonly kind: "brokers"; readonly settings: BrokerSettings }
  | { readonly kind: "proxy"; readonly settings: ProxySettings };

const LAG_MS = 5_000;

export function sessionSettings(settings: BridgeSettings, once: boolean): SessionSettings {
  const { parcel, requests, bufferBytes, commitMs, drainMs } = settings;
  return { ...parcel, requests, bufferBytes, commitMs, drainMs, lagMs: LAG_MS, once };
}

export function boundarySettings({ url, credential, token, compression, timeoutMs }: BridgeSettings): BoundarySettings {
  const authorization = authorizationOf(token, credential) ?? (() => "");
  return { url: new URL(url), authorization, compression, timeoutMs };
}

export function sourceSettings(settings: BridgeSettings): SourceSettings {
  const { brokers = [], groupProtocol, proxy } = settings;
  if (proxy.url === undefined) {
    const own = { brokers, groupProtocol, tls: tlsSettings(settings.tls), sasl: saslSettings(settings.sasl) };
    return { kind: "brokers", settings: { ...groupSettings(settings), ...own } };
  }
  const { url, dialect = null, baseUri, username = "", password, token, pollTimeoutMs, callTimeoutMs } = proxy;
  const authorization = authorizationOf(token, password && (() => `${username}:${password()}`))?.() ?? null;
  const own = { url: new URL(url), dialect, baseUri, authorization, pollTimeoutMs, callTimeoutMs };
  return { kind: "proxy", settings: { ...groupSettings(settings), ...own } };
}

export function registrySettings({ schemaRegistry }: BridgeSettings): RegistrySettings | null {
  const { url, username, password, token } = schemaRegistry;
  if (url === undefined) return null;
  return {
    url: new URL(url),
    ...(username !== undefined && { username }),
    ...(password && { password: password() }),
    ...(token && { token: token() }),
  };
}

function groupSettings(settings: BridgeSettings): GroupSettings {
  const { group, clientId } = settings;
  return { group, clientId, topics: topicChoice(settings), from: startFrom(settings.from) };
}

/** A pattern matches whole names, as it does in Kafka's own clients. */
function topicChoice({ topics, pattern, patternRefreshMs }: BridgeSettings): TopicChoice {
  if (topics) return { kind: "list", topics };
  const whole = pattern === undefined ? TOPIC_GRAMMAR : new RegExp(`^(?:${pattern})$`);
  return { kind: "pattern", pattern: whole, refreshMs: patternRefreshMs };
}

function startFrom(from: string): StartFrom {
  return from === "earliest" || from === "latest" ? from : { timestampMs: parseStart(from) };
}

function tlsSettings({ enabled, ca, cert, key, serverName, verify }: BridgeSettings["tls"]): TlsSettings | null {
  const isUsed = enabled ?? (ca !== undefined || cert !== undefined || serverName !== undefined || !verify);
  if (!isUsed) return null;
  return {
    verify,
    ...(ca && { ca: ca() }),
    ...(cert && { cert: cert() }),
    ...(key && { key: key() }),
    ...(serverName !== undefined && { serverName }),
  };
}

function saslSettings(sasl: BridgeSettings["sasl"]): SaslSettings | null {
  const { mechanism, username = "", password, token, tokenUrl = "", clientId = "", clientSecret, scope } = sasl;
  if (mechanism === undefined) return null;
  if (mechanism !== "OAUTHBEARER") return { mechanism, username, password: password?.() ?? "" };
  if (token) return { mechanism, token: async () => token() };
  return {
    mechanism,
    token: clientCredentials({ url: tokenUrl, clientId, clientSecret: clientSecret ?? (() => ""), scope }),
  };
}

function authorizationOf(token: Secret | undefined, basic: Secret | undefined): (() => string) | undefined {
  if (token) return () => `Bearer ${token()}`;
  return basic && (() => `Basic ${Buffer.from(basic()).toString("base64")}`);
}
