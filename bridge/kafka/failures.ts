import { withTimeout } from "#base/deadline.ts";
import { StopError } from "../source.ts";

/** An error of the client, which keeps what happened in members and causes of its errors. */
type Failure = {
  readonly message?: string;
  readonly code?: string;
  /** The name that Kafka has for an error that a broker answered with. */
  readonly apiId?: string;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
};

/** Answers that stay the same until somebody changes a setting, and what to change. */
const REFUSALS: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED: "Check the user name and the password, or the token.",
  UNSUPPORTED_SASL_MECHANISM: "Choose a SASL mechanism that the brokers' listener has enabled.",
  ILLEGAL_SASL_STATE: "This listener expects no SASL, or another mechanism.",
  TOPIC_AUTHORIZATION_FAILED: "Allow the user READ and DESCRIBE on the topics.",
  GROUP_AUTHORIZATION_FAILED: "Allow the user READ on the consumer group.",
  CLUSTER_AUTHORIZATION_FAILED: "Allow the user to connect to this cluster.",
  INVALID_GROUP_ID: "Choose another name for the consumer group.",
  INVALID_SESSION_TIMEOUT:
    "The brokers' group.min.session.timeout.ms and group.max.session.timeout.ms leave no room for 10 s.",
  GROUP_ID_NOT_FOUND: "Choose another name for the consumer group: this one is used by a group of another kind.",
  PLT_KFK_AUTHENTICATION: "Check the user name and the password, or the token.",
  PLT_KFK_UNSUPPORTED_API:
    "These brokers lack it. KIP-848 groups need Kafka 4.0; --group-protocol classic works everywhere.",
  PLT_KFK_UNSUPPORTED_COMPRESSION:
    "Run the bridge on Node 22.15 or newer, whose zlib reads zstd besides gzip, snappy and lz4.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "Give the certificate of whoever signed the brokers' certificates.",
  SELF_SIGNED_CERT_IN_CHAIN: "Give the certificate of whoever signed the brokers' certificates.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "Give the certificate of whoever signed the brokers' certificates.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "Give the certificate of whoever signed the brokers' certificates.",
  ERR_TLS_CERT_ALTNAME_INVALID: "Connect to the brokers by a name that their certificate has, or give that name.",
  CERT_HAS_EXPIRED: "Renew the brokers' certificate.",
};

/** What happened, from the innermost errors, each once. */
export function describe(error: unknown): string {
  const causes = [...innermost(error)].map(({ message, apiId }) => (apiId ? `${apiId}: ${message}` : String(message)));
  return [...new Set(causes)].join("; ");
}

/** What cannot be helped by trying again, as an error that says what to do; `undefined` for everything else. */
export function refusalIn(error: unknown): StopError | undefined {
  const all = [...everything(error)];
  if (all.some(({ message }) => message === "Broker requires TLS."))
    return new StopError("The brokers' listener wants TLS. Nothing was read. Turn TLS on.");
  // A line that is cut while credentials are exchanged refuses nothing.
  const isCut = all.some(({ code }) => code === "PLT_KFK_NETWORK" || code === "PLT_KFK_TIMEOUT");
  for (const { apiId = "", code = "" } of all) {
    const isWeak = code === "PLT_KFK_AUTHENTICATION" && isCut;
    const advice = REFUSALS[apiId] ?? (isWeak ? undefined : REFUSALS[code]);
    if (advice !== undefined)
      return new StopError(
        `Kafka refused the bridge (${describe(error)}). What was delivered before is committed. ${advice}`,
      );
  }
  return undefined;
}

/** Whether a broker answered with this error, somewhere in what failed. */
export const hasApiError = (error: unknown, id: string): boolean =>
  [...everything(error)].some(({ apiId }) => apiId === id);

function* everything(error: unknown): Generator<Failure> {
  if (typeof error !== "object" || error === null) return;
  const failure = error as Failure;
  yield failure;
  for (const each of failure.errors ?? []) yield* everything(each);
  yield* everything(failure.cause);
}

function* innermost(error: unknown): Generator<Failure> {
  if (typeof error !== "object" || error === null) return yield { message: String(error) };
  const failure = error as Failure;
  const inner = [...(failure.errors ?? []), ...(failure.cause ? [failure.cause] : [])];
  if (inner.length === 0) return yield failure;
  for (const each of inner) yield* innermost(each);
}

/** @throws Error after so long; what becomes of the promise then is of no interest */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  const result = await withTimeout(ms, promise);
  if (result === "too late") throw new Error(`${what}: no answer within ${ms / 1000} s`);
  return result;
}
