import type { Scope } from "#auth/scope.ts";
import { connect } from "../../local/clients.ts";
import { createToken } from "../../local/live-client.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { eventValue } from "../support/records.ts";
import { TEST_CREDENTIALS } from "../support/rest-proxy.ts";

export const OPS: Scope = { role: "ops" };
export const DEALERS = ["D-north", "D-south"] as const;
export const DEALER: Scope = { role: "dealer", dealerIds: DEALERS };

/** Half of them are the first dealer's, the other half the second's. */
const DEVICES = 50;
const START_MS = Date.UTC(2026, 10, 1);

export type Stand = Awaited<ReturnType<typeof openStand>>;

/** All Workers with the settings of a deployed environment, fifty devices of two dealers, and what a client needs to know. */
export async function openStand() {
  const stack: Stack = await startStack({ secrets: { ...TEST_CREDENTIALS, TRUSTED_DOCUMENTS_ONLY: "true" } });
  const clients = await connect(stack.url);
  const devices = Array.from({ length: DEVICES }, (_, i) => {
    const deviceId = `m-${String(i).padStart(2, "0")}`;
    return { deviceId, key: `elt:${deviceId}`, dealerId: DEALERS[i % 2] ?? DEALERS[0] };
  });
  const record = (topic: string, deviceId: string, minute: number, data: object) => {
    const occurredAt = new Date(START_MS + minute * 60_000).toISOString();
    return { topic, key: deviceId, value: JSON.stringify(eventValue({ topic, deviceId, occurredAt, data })) };
  };

  let reports = 0;
  /** A device reports a temperature that no device has reported before. @returns the temperature */
  async function report(deviceId: string): Promise<number> {
    const indoorTemperatureC = Number((10 + ++reports / 100).toFixed(2));
    const topic = "device.elt.status.reported";
    await clients.push(topic, [record(topic, deviceId, 10 + reports, { online: true, indoorTemperatureC })]);
    return indoorTemperatureC;
  }

  const assigned = "device.elt.dealer.assigned";
  await clients.push(
    assigned,
    devices.map(({ deviceId, dealerId }) =>
      record(assigned, deviceId, 0, { dealer: { dealerId, name: `Dealer ${dealerId}` } }),
    ),
  );
  await outcomesAtRest(clients);

  let taken = 0;
  return {
    url: stack.url,
    graphqlUrl: new URL("/graphql", stack.url).href,
    /** By dealer and key, as a list of a dealer's devices is sorted. */
    keysOf: (dealerId: string) => devices.filter((each) => each.dealerId === dealerId).map(({ key }) => key),
    devices,
    /** A device for one test to change: the next one has another. */
    device: () => devices[taken++ % DEVICES] as (typeof devices)[number],
    report,
    token: (scope: Scope = OPS, expiresIn?: string) => createToken(scope, expiresIn),
    stop: stack.stop,
  };
}
