import { authenticate, type DeviceKey, SOURCES, type Source, sourceOf } from "../../src/shared/index.ts";
import type { AlertsService, Bound, Call, CustomersService, DevicesService } from "../../workers/api/entrypoints.ts";

type Env = {
  readonly DEVICES: Bound<DevicesService>;
  readonly ALERTS: Bound<AlertsService>;
  readonly CUSTOMERS: Bound<CustomersService>;
  readonly TOKEN_SECRET: string;
};

const TOKEN_HEADER = "Concord-Consistency-Token";

/** `GET /visits/{deviceKey}`: what a technician takes along. It wants a token such as the GraphQL API takes. */
export default {
  async fetch(request, env): Promise<Response> {
    const key = deviceKeyIn(request);
    if (!key) return problem(404, "Ask for /visits/{source}:{deviceId}.");
    const caller = await authenticate(request.headers.get("Authorization"), env.TOKEN_SECRET);
    if (!caller.ok) return problem(401, caller.message);
    const call = { scope: caller.scope, consistency: request.headers.get(TOKEN_HEADER) ?? undefined };
    try {
      const { visit, token } = await prepareVisit(env, call, key);
      if (!visit) return problem(404, "There is no such device, or none that this token may see.");
      return Response.json(visit, { headers: token ? { [TOKEN_HEADER]: token } : {} });
    } catch (thrown) {
      // What the services refuse keeps its class on the way here.
      if (thrown instanceof RangeError) return problem(400, thrown.message);
      console.error(thrown);
      return problem(503, "Concord is out of reach just now; ask again.");
    }
  },
} satisfies ExportedHandler<Env>;

async function prepareVisit({ DEVICES, ALERTS, CUSTOMERS }: Env, call: Call, key: DeviceKey) {
  const [devices, alerts, history] = await Promise.all([
    DEVICES.find(call, [key]),
    ALERTS.list(call, { first: 20 }, { deviceKey: key, state: "OPEN" }),
    DEVICES.history(call, key, { first: 5 }),
  ]);
  const [device] = devices.value;
  // Another copy of the database may answer, which must have what the device's answer rests on.
  const consistency = devices.consistencyToken ?? call.consistency;
  const ids = device?.customerId ? [device.customerId] : [];
  const customers = await CUSTOMERS.find({ ...call, consistency }, ids, sourceOf(key));
  const [customer] = customers.value;
  const visit = device && {
    device: key,
    model: device.model,
    serialNumber: device.serialNumber,
    status: device.status,
    location: device.location,
    customer: customer ? { name: customer.name, phone: customer.phone ?? null } : null,
    openAlerts: alerts.value.edges.map(({ node: { severity, text, raisedAt } }) => ({ severity, text, raisedAt })),
    lastEvents: history.value.edges.map(({ node: { topic, data } }) => ({ topic, data })),
  };
  return { visit, token: latestToken(devices, alerts, history, customers) };
}

/** Tokens sort as text by how far they are: whoever asks with the largest sees at least what each answer saw. */
const latestToken = (...answers: readonly { readonly consistencyToken: string | null }[]): string =>
  answers
    .map(({ consistencyToken }) => consistencyToken ?? "")
    .toSorted()
    .at(-1) ?? "";

function deviceKeyIn({ url }: Request): DeviceKey | null {
  const [, source, id] = /^\/visits\/([a-z]+)(?::|%3A)([\w.:-]+)$/.exec(new URL(url).pathname) ?? [];
  return SOURCES.includes(source as Source) ? `${source as Source}:${id}` : null;
}

const problem = (status: number, error: string): Response => Response.json({ error }, { status });
