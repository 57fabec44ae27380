import { createParser } from "eventsource-parser";
import { beforeAll, expect, it, vi } from "vitest";
import { type OpsRole, signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import type { DeviceChangeJson, DeviceDetail, DeviceEventPage, DevicePage } from "#ops/device-api.ts";
import { type Clients, connect } from "../../local/clients.ts";
import type { Stack } from "../../local/stack.ts";
import { eventValue } from "../support/records.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});

const TOPIC = "device.elt.profile.updated";

const rename = (deviceId: string, second: number, name: string) => {
  const occurredAt = new Date(Date.UTC(2026, 10, 20, 10, 0, second)).toISOString();
  const data = { name, model: `M-${second}` };
  const value = JSON.stringify(eventValue({ topic: TOPIC, deviceId, occurredAt, data }));
  return clients.push(TOPIC, [{ topic: TOPIC, key: deviceId, value }]);
};

const asked = async (path: string, more: { role?: OpsRole; headers?: Record<string, string> } = {}) => {
  const { role = "viewer", headers } = more;
  const token = await signOpsToken({ actor: "ann@example.com", role }, LOCAL_TOKEN_SECRET, "1h");
  return fetch(new URL(`/ops/api${path}`, stack.url), { headers: { Authorization: `Bearer ${token}`, ...headers } });
};

const read = async <T>(path: string): Promise<T> => {
  const response = await asked(path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
};

const eventually = <T>(assertion: () => Promise<T>) => vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

it("Operators find a device, read it masked and subscribe to its changes, all at one address", async () => {
  await rename("ops-1", 1, "Ann's room");
  const { devices } = await eventually(async () => {
    const page = await read<DevicePage>("/devices?text=ops-");
    expect(page.devices).toHaveLength(1);
    return page;
  });
  expect(devices[0]).toMatchObject({ key: "elt:ops-1", name: "•••", model: "M-1" });

  const leaving = new AbortController();
  const heard: (DeviceChangeJson & { id: string | undefined })[] = [];
  const listen = async (headers: Record<string, string> = {}) => {
    const response = await asked("/devices/elt%3Aops-1/live", { headers });
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    const parser = createParser({ onEvent: ({ id, data }) => heard.push({ id, ...JSON.parse(data) }) });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    leaving.signal.addEventListener("abort", () => void reader?.cancel());
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) parser.feed(step.value);
  };
  const listening = listen();
  await eventually(async () => expect(heard.map(({ kind }) => kind)).toEqual(["snapshot"]));
  await rename("ops-1", 2, "Ann's other room");
  await eventually(async () => expect(heard.map(({ kind }) => kind)).toEqual(["snapshot", "event"]));
  const [, change] = heard;
  expect(change).toMatchObject({
    event: { topic: TOPIC, occurredAt: "2026-11-20T10:00:02.000Z", data: { name: "•••", model: "M-2" } },
    device: { key: "elt:ops-1", model: "M-2" },
  });
  expect(JSON.stringify(heard)).not.toContain("Ann's");

  // Whoever was told of a change reads it.
  expect((await read<DeviceDetail>("/devices/elt:ops-1")).model).toBe("M-2");
  const { events } = await read<DeviceEventPage>("/devices/elt:ops-1/events");
  expect(events.map(({ data }) => data)).toEqual([
    { name: "•••", model: "M-2" },
    { name: "•••", model: "M-1" },
  ]);

  leaving.abort();
  await listening;
});

it("Every stream of the operations API ends when its token expires, and its next request needs a new one", async () => {
  await rename("ops-2", 1, "A room");
  await eventually(async () => expect((await asked("/devices/elt:ops-2")).status).toBe(200));
  for (const path of ["/devices/elt%3Aops-2/live", "/flow"]) {
    const token = await signOpsToken({ actor: "ann@example.com", role: "viewer" }, LOCAL_TOKEN_SECRET, "3s");
    const again = () => fetch(new URL(`/ops/api${path}`, stack.url), { headers: { Authorization: `Bearer ${token}` } });
    const startedAt = Date.now();
    const response = await again();
    expect(response.status).toBe(200);
    await response.text();
    // A token's end is in whole seconds.
    expect(Date.now() - startedAt).toBeLessThan(4_500);
    expect((await again()).status).toBe(401);
  }
});

it("Devices are at the address of the operations API, for the same people", async () => {
  const index = (await (await fetch(new URL("/ops", stack.url))).json()) as { endpoints: Record<string, string> };
  expect(index.endpoints).toMatchObject({ device: "GET /ops/api/devices/{key}{?asOf,knownAt}", me: "GET /ops/api/me" });
  for (const path of ["/me", "/dead-letters", "/devices"]) {
    expect((await asked(path)).status).toBe(200);
    expect((await fetch(new URL(`/ops/api${path}`, stack.url))).status).toBe(401);
    expect((await asked(path, { headers: { "Sec-Fetch-Site": "cross-site" } })).status).toBe(403);
  }
  // Only the path itself and what is below it.
  expect((await asked("/devicesque")).status).toBe(404);
  expect((await asked("/devices/elt:nobody")).status).toBe(404);
});
