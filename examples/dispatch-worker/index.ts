import { authenticate, parseTokenKeys } from "concord-sdk/auth";
import { type DeviceKey, isDeviceKey, sourceOf } from "concord-sdk/domain";
import { CONSISTENCY_HEADER, type Concord, type ConcordBindings, connectConcord } from "concord-sdk/services";

type Bindings = Pick<ConcordBindings, "DEVICES" | "ALERTS" | "CUSTOMERS">;
type Env = Bindings & { readonly TOKEN_KEYS: string };

/** `GET /visits/{deviceKey}`: what a technician takes along. It wants a token such as the GraphQL API takes. */
export default {
  async fetch(request, env): Promise<Response> {
    const key = deviceKeyIn(request);
    if (!key) return problem(404, "Ask for /visits/{source}:{deviceId}.");
    const keys = parseTokenKeys(env.TOKEN_KEYS);
    const caller = await authenticate(request.headers.get("Authorization"), { keys });
    if (!caller.ok) return problem(caller.status, caller.message);
    // Where the caller's last answer left off: whatever it has seen, this Worker sees.
    const consistency = request.headers.get(CONSISTENCY_HEADER);
    const concord = connectConcord(env, { scope: caller.scope, consistency });
    try {
      const visit = await prepareVisit(concord, key);
      if (!visit) return problem(404, "There is no such device, or none that this token may see.");
      const token = concord.consistencyToken;
      return Response.json(visit, { headers: token ? { [CONSISTENCY_HEADER]: token } : {} });
    } catch (thrown) {
      // What the services refuse keeps its class on the way here.
      if (thrown instanceof RangeError) return problem(400, thrown.message);
      console.error(thrown);
      return problem(503, "Concord is out of reach just now; ask again.");
    }
  },
} satisfies ExportedHandler<Env>;

async function prepareVisit({ devices, alerts, customers }: Concord<Bindings>, key: DeviceKey) {
  const [[device], open, history] = await Promise.all([
    devices.find([key]),
    alerts.list({ first: 20 }, { deviceKey: key, state: "OPEN" }),
    devices.history(key, { first: 5 }),
  ]);
  if (!device) return null;
  const [customer] = device.customerId ? await customers.find([device.customerId], sourceOf(key)) : [];
  return {
    device: key,
    model: device.model,
    serialNumber: device.serialNumber,
    status: device.status,
    location: device.location,
    customer: customer ? { name: customer.name, phone: customer.phone ?? null } : null,
    openAlerts: open.edges.map(({ node: { severity, text, raisedAt } }) => ({ severity, text, raisedAt })),
    lastEvents: history.edges.map(({ node: { topic, data } }) => ({ topic, data })),
  };
}

function deviceKeyIn({ url }: Request): DeviceKey | null {
  const [, text = ""] = /^\/visits\/([\w.:%-]+)$/.exec(new URL(url).pathname) ?? [];
  const key = text.replace("%3A", ":");
  return isDeviceKey(key) ? key : null;
}

const problem = (status: number, error: string): Response => Response.json({ error }, { status });
