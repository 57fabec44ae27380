import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "#auth/scope.ts";
import { connect } from "../../local/clients.ts";
import { createToken } from "../../local/live-client.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { eventValue } from "../support/records.ts";
import { TEST_CREDENTIALS } from "../support/rest-proxy.ts";
import { servePage } from "./browser/serve-page.ts";
import { fewSockets } from "./few-sockets.ts";
import { openLine } from "./line.ts";

export const OPS: Scope = { role: "ops" };
export const DEALERS = ["D-north", "D-south"] as const;
export const DEALER: Scope = { role: "dealer", dealerIds: DEALERS };

/** On one screen: half of them are the first dealer's, the other half the second's. */
const ON_SCREEN = 50;
/** For tests that need one device, which no other test changes meanwhile. */
const SINGLE = 120;
const START_MS = Date.UTC(2026, 10, 1);

export type Stand = Awaited<ReturnType<typeof openStand>>;

/** All Workers with the settings of a deployed environment, fifty devices of two dealers, and what a client needs to know. */
export async function openStand() {
  const page = await servePage();
  const settings = { TRUSTED_DOCUMENTS_ONLY: "true", ALLOWED_ORIGINS: page.origin };
  const folder = mkdtempSync(join(tmpdir(), "concord-clients-"));
  const secrets = { ...TEST_CREDENTIALS, ...settings };
  const stack: Stack = await startStack({ secrets, configOf: fewSockets(folder) });
  const clients = await connect(stack.url);
  const device = (deviceId: string, dealerId: string) => ({ deviceId, key: `elt:${deviceId}`, dealerId });
  const devices = Array.from({ length: ON_SCREEN }, (_, i) =>
    device(`m-${String(i).padStart(2, "0")}`, DEALERS[i % 2] ?? DEALERS[0]),
  );
  const single = Array.from({ length: SINGLE }, (_, i) => device(`t-${i}`, "D-single"));
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
    [...devices, ...single].map(({ deviceId, dealerId }) =>
      record(assigned, deviceId, 0, { dealer: { dealerId, name: `Dealer ${dealerId}` } }),
    ),
  );
  await outcomesAtRest(clients);

  let addresses = 0;
  let taken = 0;
  let turn: Promise<unknown> = Promise.resolve();
  return {
    url: stack.url,
    graphqlUrl: new URL("/graphql", stack.url).href,
    /** By dealer and key, as a list of a dealer's devices is sorted. */
    keysOf: (dealerId: string) => devices.filter((each) => each.dealerId === dealerId).map(({ key }) => key),
    devices,
    /** A device for one test: the next one has another. */
    device: () => single[taken++ % SINGLE] as (typeof single)[number],
    report,
    /**
     * Waits until no other test reports of the screen's devices: of two reports that are merged together, both are
     * delivered with the device as it is after the second.
     */
    inTurn: <T>(work: () => Promise<T>): Promise<T> => {
      const mine = turn.then(work);
      turn = mine.catch(() => undefined);
      return mine;
    },
    /** A way to the platform that can be cut, from an address of its own unless one is given. */
    line: (address = `198.51.100.${++addresses}`) => openLine(stack.url, address),
    token: (scope: Scope = OPS, expiresIn?: string) => createToken(scope, expiresIn),
    /** A page of another origin, which may send credentials. */
    pageOrigin: page.origin,
    stop: () => {
      page.close();
      rmSync(folder, { recursive: true });
      return stack.stop();
    },
  };
}
