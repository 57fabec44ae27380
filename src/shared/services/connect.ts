import { laterToken } from "#repositories/consistency.ts";
import type { AlertsBinding, CustomersBinding, DealersBinding, DevicesBinding } from "./bindings.ts";
import type { Answer, Call } from "./call.ts";

/** The service bindings of a Worker, under the names that Concord's examples give them. It needs only those it uses. */
export type ConcordBindings = {
  readonly DEVICES: DevicesBinding;
  readonly ALERTS: AlertsBinding;
  readonly DEALERS: DealersBinding;
  readonly CUSTOMERS: CustomersBinding;
};

/** A binding's methods, without the `Call` that each takes and the token that each returns: a connection carries both. */
export type Client<Binding> = {
  readonly [Method in keyof Binding]: Binding[Method] extends (
    call: Call,
    ...args: infer Args
  ) => Promise<Answer<infer T>>
    ? (...args: Args) => Promise<T>
    : never;
};

type Clients = {
  readonly devices: Client<DevicesBinding>;
  readonly alerts: Client<AlertsBinding>;
  readonly dealers: Client<DealersBinding>;
  readonly customers: Client<CustomersBinding>;
};

/** A connection to the services that a Worker is bound to; asking for another does not compile. */
export type Concord<Bound> = Pick<Clients, Lowercase<keyof Bound & keyof ConcordBindings>> & {
  /**
   * How fresh the answers so far were: the newest of their tokens and the one it began with, or `null`. Hand it to
   * whoever asks next, as the header `CONSISTENCY_HEADER`, and they see at least what this Worker saw.
   */
  readonly consistencyToken: string | null;
};

/** The methods of each service. A type alone could not say at run time which there are. */
const METHODS = {
  DEVICES: ["find", "list", "statistics", "count", "assignments", "history", "setDesired"],
  ALERTS: ["find", "list", "count", "acknowledge", "acknowledgeAll"],
  DEALERS: ["find", "list", "count", "statistics"],
  CUSTOMERS: ["find", "list", "count"],
} as const satisfies { readonly [Name in keyof ConcordBindings]: readonly (keyof ConcordBindings[Name])[] };

type Method = (call: Call, ...args: unknown[]) => Promise<Answer<unknown>>;

/**
 * Connects a Worker to Concord's services for one request of its own: every call has the caller's scope, and is at least
 * as fresh as every answer before it. So a Worker reads its own writes, and never sees a device older than it just did,
 * whichever copy of the database answers.
 *
 * ```ts
 * const concord = connectConcord(env, { scope, consistency: request.headers.get(CONSISTENCY_HEADER) });
 * await concord.devices.setDesired({ key, desired: { heatSetpointC: 21 } });
 * const [device] = await concord.devices.find([key]); // with the new state
 * ```
 *
 * Calls that run at the same time do not wait for each other's tokens.
 *
 * @param bindings the Worker's `env`, or an object with those of its bindings that have other names there
 * @param call the caller's scope, and where it continues: a token, `"strong"` to read the primary each time, or neither
 * @throws Error when a service is used that is not bound, which names what wrangler.toml lacks
 */
export function connectConcord<Bound extends Partial<ConcordBindings>>(
  bindings: Bound,
  call: Omit<Call, "consistency"> & { readonly consistency?: Call["consistency"] | null },
): Concord<Bound> {
  const isStrong = call.consistency === "strong";
  let token = isStrong ? null : (call.consistency ?? null);

  const carry = async (method: Method, args: readonly unknown[]): Promise<unknown> => {
    const consistency = isStrong ? "strong" : (token ?? undefined);
    const answer = await method({ ...call, consistency }, ...args);
    token = laterToken(token, answer.consistencyToken);
    return answer.value;
  };

  const clientOf = (name: keyof ConcordBindings) => {
    const binding = bindings[name] as Readonly<Record<string, Method>> | undefined;
    const client = METHODS[name].map((method) => [
      method,
      (...args: unknown[]) => {
        if (!binding) throw new Error(`${name} is not bound: ${HOW_TO_BIND(name)}`);
        // Called on the binding: a stub's methods work only there.
        return carry((...all) => (binding[method] as Method)(...all), args);
      },
    ]);
    return Object.fromEntries(client);
  };

  const clients = {
    devices: clientOf("DEVICES"),
    alerts: clientOf("ALERTS"),
    dealers: clientOf("DEALERS"),
    customers: clientOf("CUSTOMERS"),
    get consistencyToken() {
      return token;
    },
  };
  return clients as unknown as Concord<Bound>;
}

const HOW_TO_BIND = (name: string): string =>
  `add [[services]] with binding = "${name}", service = "concord-api" and entrypoint = "${name[0]}${name.slice(1).toLowerCase()}Service" to wrangler.toml.`;
