export const TOPIC = "device.elt.status.reported";

export type BenchRecord = { readonly key: string; readonly value: object };

let firstMs: number | undefined;

/**
 * When the first report was made; a run's reports occurred in the days before. A Worker has no clock before it is
 * called.
 */
const firstReportMs = (): number => {
  firstMs ??= Date.now() - 7 * 86_400_000;
  return firstMs;
};

/** A report of one device. A later number is newer. @param content equal numbers have equal values */
export const report = (device: string, number: number, content = number, online = true): BenchRecord => ({
  key: device,
  value: {
    eventId: `${device}-${number}`,
    occurredAt: new Date(firstReportMs() + number * 1_000).toISOString(),
    deviceId: device,
    data: {
      online,
      mode: "cool",
      indoorTemperatureC: (content % 4_000) / 100,
      coolSetpointC: 24,
      humidityPct: 45,
      equipment: ["compressor", "fan"],
    },
  },
});

export const deviceNames = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `bench-${from + i}`);

export const bodyOf = (records: readonly BenchRecord[]): string => JSON.stringify({ records });

const JSON_V2 = { "Content-Type": "application/vnd.kafka.json.v2+json", Authorization: `Basic ${btoa("dev:dev")}` };
const JSON_HEADERS = { "Content-Type": "application/json" };

/** Posts a body and reads the answer to its end. @throws Error for any other status */
export async function post(
  url: URL | string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = JSON_HEADERS,
) {
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${text.slice(0, 300)}`);
  return text;
}

export const produce = (base: URL, records: readonly BenchRecord[], topic = TOPIC): Promise<string> =>
  post(new URL(`/topics/${topic}`, base), bodyOf(records), JSON_V2);

/** A device's dealer, its customer and an open alert, by topic. */
export function belongings(device: string, number: number): Record<string, BenchRecord> {
  const { value } = report(device, number) as { value: { deviceId: string; occurredAt: string } };
  const event = (eventId: string, data: object): BenchRecord => ({ key: device, value: { ...value, eventId, data } });
  const dealer = { dealerId: `D-${number % 20}`, name: `Dealer ${number % 20}` };
  const customer = { customerId: `C-${number}`, name: `Customer ${number}` };
  const alert = { alertId: `a-${number}`, code: "E-1", severity: "warning", text: "The filter is due." };
  return {
    "device.elt.dealer.assigned": event(`${device}-dealer`, { dealer }),
    "device.elt.customer.assigned": event(`${device}-customer`, { customer }),
    "device.elt.alert.raised": event(`${device}-alert`, alert),
  };
}

/** The same through the v3 stream: one record after the other, with a receipt for each. */
export async function produceStream(base: URL, records: readonly BenchRecord[]): Promise<string> {
  const lines = records.map(({ key, value }) =>
    JSON.stringify({ key: { type: "STRING", data: key }, value: { type: "JSON", data: value } }),
  );
  const url = new URL(`/v3/clusters/concord/topics/${TOPIC}/records`, base);
  const answer = await post(url, lines.join("\n"), { ...JSON_HEADERS, Authorization: JSON_V2.Authorization });
  const receipts = answer.match(/"error_code":200\b/g)?.length ?? 0;
  if (receipts !== records.length) throw new Error(`${receipts} receipts for ${records.length} records`);
  return answer;
}
