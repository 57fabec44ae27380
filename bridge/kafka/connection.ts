import { isIP } from "node:net";
import type { BaseOptions } from "@platformatic/kafka";
import type { BrokerSettings } from "../source-settings.ts";

/** Longer than a group takes to rebalance: a member that joins is answered when all others have joined. */
const REQUEST_TIMEOUT_MS = 30_000;

/** How every client of the bridge connects. What fails is tried again by the next session, so there are few retries here. */
export function connectionOptions({ brokers, clientId, tls, sasl }: BrokerSettings): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retries: 2,
    retryDelay: 300,
    ...(tls && {
      tls: {
        ...(tls.ca !== undefined && { ca: tls.ca }),
        ...(tls.cert !== undefined && { cert: tls.cert }),
        ...(tls.key !== undefined && { key: tls.key }),
        rejectUnauthorized: tls.verify,
      },
      // Routers in front of brokers choose by the name; an address is no name.
      tlsServerName: tls.serverName ?? brokers.every((broker) => isIP(hostOf(broker)) === 0),
    }),
    ...(sasl && { sasl: { ...sasl } }),
  };
}

const hostOf = (broker: string): string => broker.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
