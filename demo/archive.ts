import type { ArchiveFigures } from "#ops/archive-files-api.ts";
import type { Certificate } from "#ops/archive-forgetting.ts";
import type { VerificationJson } from "#ops/archive-verification.ts";
import type { DeviceAsOf } from "#ops/readings-api.ts";
import type { Clients } from "../local/clients.ts";
import { concord } from "../local/concord.ts";
import { type Row, table } from "../local/screen.ts";
import type { OracleFleet } from "../samples/oracle.ts";

export type Check = (holds: boolean, otherwise: string) => void;

/** Runs a command as an operator would, shows it, and reads its JSON. @throws Error unless it ends with 0 */
async function ask<T>(url: URL, ...args: readonly string[]): Promise<T> {
  console.log(`\n  $ concord ${args.map((arg) => (/[^\w:.-]/.test(arg) ? JSON.stringify(arg) : arg)).join(" ")}`);
  const { code, out, err } = await concord([...args, "--json"], { CONCORD_URL: url.href });
  if (code !== 0) throw new Error(`concord ${args.join(" ")} ended with ${code}: ${err}${out}`);
  return JSON.parse(out) as T;
}

/** What the bucket holds. */
export async function showArchive(url: URL, check: Check): Promise<void> {
  const { rawObjects, rawBytes, records, parts } = await ask<ArchiveFigures>(url, "archive", "status");
  console.log(
    table([
      ["objects, one a batch", rawObjects],
      ["their bytes", rawBytes, "gzip of the records as they came, with what became of them"],
      ["records in files of a day", records, "a day is compacted after its end"],
    ]),
  );
  check(rawObjects > 0 && parts === 0, `${rawObjects} raw objects and ${parts} day files on the first day`);
}

/** A device whose dealer changed, as it was before. */
export async function showEarlier(
  url: URL,
  clients: Clients,
  { key, atMs, dealers: [then, now] }: { key: string; atMs: number; dealers: readonly [then: string, now: string] },
  check: Check,
): Promise<void> {
  const earlier = await ask<DeviceAsOf>(url, "device", key, "--as-of", new Date(atMs).toISOString());
  const { device } = await clients.query<{ device: { dealer: { dealerId: string } | null } | null }>(
    "query Dealer($key: String!) { device(by: { key: $key }) { dealer { dealerId } } }",
    { key },
  );
  const [dealerThen, dealerNow] = [earlier.device.dealerId ?? "none", device?.dealer?.dealerId ?? "none"];
  console.log(
    table([
      ["its dealer then", dealerThen],
      ["its dealer now", dealerNow],
    ]),
  );
  check(dealerThen === then && dealerNow === now, `the dealer was ${dealerThen} and is ${dealerNow}`);
}

/** The live state of all devices beside the fold of the archive. */
export async function showVerification(url: URL, devices: number, check: Check): Promise<void> {
  const { verified, buckets, results, differenceCount } = await ask<VerificationJson>(url, "verify", "--now");
  const compared = results.reduce((sum, result) => sum + result.devices, 0);
  console.log(
    table([
      ["parts of the fleet", `${verified} of ${buckets}`],
      ["devices compared", compared, "in D1 and in their objects"],
      ["differences", differenceCount],
    ]),
  );
  const isEqual = results.every(({ archivedHash, liveHash }) => archivedHash === liveHash);
  check(differenceCount === 0 && isEqual, `${differenceCount} values differ from the archive`);
  check(verified === buckets && compared === devices, `${compared} of ${devices} devices were verified`);
}

/** Forgets the customer with the most devices, and looks for the customer afterwards. */
export async function showForgetting(url: URL, clients: Clients, fleet: OracleFleet, check: Check): Promise<void> {
  const { source, customerId, name, keys } = largestCustomer(fleet);
  const order = ["forget", "customer", customerId, "--source", source.toLowerCase(), "--because", "asked us to"];
  const { removed, devices, files, remains } = await ask<Certificate>(url, ...order, "--yes");
  const counts: readonly Row[] = [
    ["rows of the database", removed.databaseRows],
    ["objects of devices", removed.objects],
    ["events of their histories", removed.historyEvents],
    ["dead letters", removed.lettersRedacted + removed.lettersEmptied],
    ["records of the archive", removed.rawRecords, `in ${files.length} objects, with hashes before and after`],
    ["held elsewhere", remains.length, "places, and until when"],
  ];
  console.log(table([["devices", devices.length], ...counts]));
  const { device } = await clients.query<{ device: { customer: Shown | null } | null }>(
    "query Customer($key: String!) { device(by: { key: $key }) { customer { name email phone isForgotten } } }",
    { key: keys[0] },
  );
  const shown = device?.customer ?? undefined;
  console.log(`\n  in GraphQL ${customerId} was ${JSON.stringify(name)}, and is ${JSON.stringify(shown)}`);
  check(
    shown?.isForgotten === true && shown.name === "" && shown.email === null && shown.phone === null,
    `the customer ${customerId} is shown as ${JSON.stringify(shown)}`,
  );
  const missing = keys.filter((key) => !devices.includes(key));
  check(missing.length === 0, `the certificate of ${customerId} does not have ${missing.join(", ")}`);
}

type Shown = {
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly isForgotten: boolean;
};

/** By the fold that shares no code with the platform. */
function largestCustomer(fleet: OracleFleet) {
  const owned = [...fleet.values()].flatMap(({ key, source, customer }) =>
    customer ? [{ key, source, id: `${source}:${customer.customerId}`, customer }] : [],
  );
  const [largest] = [...Map.groupBy(owned, ({ id }) => id).values()].toSorted((a, b) => b.length - a.length);
  const [first] = largest ?? [];
  if (!largest || !first) throw new Error("No device of this fleet has a customer: take another seed.");
  const { customerId, name } = first.customer;
  return { source: first.source, customerId, name, keys: largest.map(({ key }) => key) };
}
