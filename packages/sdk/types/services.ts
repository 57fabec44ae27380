import type { Scope } from "concord-sdk/auth";
import { type ConcordBindings, connectConcord, type DevicesBinding } from "concord-sdk/services";

/* What must not compile, for whoever binds to the services. Each line that does is an error of `tsc -b`. */

declare const env: Pick<ConcordBindings, "DEVICES">;
const scope: Scope = { role: "service" };
const concord = connectConcord(env, { scope });

concord.devices.list({ first: 10 }, { filter: { status: "ONLINE" } });
// @ts-expect-error the Worker is not bound to this service
concord.alerts;
// @ts-expect-error no connection is without a scope
connectConcord(env, {});
// @ts-expect-error a connection passes the scope itself
concord.devices.find({ scope }, ["elt:t-1"]);
// @ts-expect-error a key begins with a source that exists
concord.devices.find(["t-1"]);
// @ts-expect-error there is no such order
concord.devices.list({ first: 10 }, { order: { field: "COLOUR" } });
// @ts-expect-error temperatures are numbers, in degrees Celsius
concord.devices.setDesired({ key: "elt:t-1", desired: { heatSetpointC: "warm" } });

// A method's answer is the value alone, with its type.
export const status: Promise<string | undefined> = concord.devices.find(["elt:t-1"]).then(([device]) => device?.status);
// @ts-expect-error a device has no colour
export const colour = concord.devices.find(["elt:t-1"]).then(([device]) => device?.colour);

/** Whoever stands in for a service has all of its methods. */
// @ts-expect-error a method is missing
export const half: DevicesBinding = { find: async () => ({ value: [], consistencyToken: null }) };
